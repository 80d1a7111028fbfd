"""Real programs are ended; services are those of a computer in memory."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rs_agent.feature import Context
from rs_agent.features import manage
from rs_agent.features.manage import Manage, find
from rs_relay.channels.manage import SPEC, Action, Done, Failed, Find, Found, Kill, Switch
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.channels import channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until
from tests.support.machines import FakeMachine


class Asked:
    def __init__(self, machine: FakeMachine | None = None) -> None:
        self.face, self.notes = FakeFace(), list[tuple[str, str]]()
        context = Context(FakeDesktop(), self.face, Path(), "alice", note=lambda *note: self.notes.append(note))
        self.channel, agent = channel_pair(SPEC)
        self.run = asyncio.create_task(Manage(context, machine or FakeMachine()).run(agent))

    async def ask(self, message: Any) -> Any:
        await self.channel.send(message)
        return await asyncio.wait_for(self.channel.receive(), 20)


def start(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


async def test_a_program_is_found_and_ended_and_told(sleeper: subprocess.Popen[bytes]) -> None:
    asked = Asked()
    found = await asked.ask(Find(1, (sleeper.pid, 2**22 + 1)))
    assert isinstance(found, Found)
    (program,) = found.programs
    assert program.name == "sleep"
    done = await asked.ask(Kill(2, program.pid, program.started))
    assert done == Done(2, 1, 0)
    assert sleeper.wait(10) == -signal.SIGTERM
    assert asked.face.notices == [f"alice has ended the program sleep ({program.pid})."]
    assert asked.notes == [("signal", f"TERM {program.pid} sleep")]
    again = await asked.ask(Kill(3, program.pid, program.started))
    assert isinstance(again, Failed)
    assert again.code == "not-found"


async def test_a_number_that_another_has_taken_is_not_touched(sleeper: subprocess.Popen[bytes]) -> None:
    asked = Asked()
    started = psutil.Process(sleeper.pid).create_time()
    for other in (started - 5, started + 0.5, 0.0):
        refused = await asked.ask(Kill(1, sleeper.pid, other, "KILL"))
        assert isinstance(refused, Failed)
        assert refused.code == "not-found"
    assert sleeper.poll() is None
    assert asked.face.notices == []


async def test_what_it_has_started_goes_too() -> None:
    script = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    with start(script) as parent:
        child = int(parent.stdout.readline()) if parent.stdout else 0
        asked = Asked()
        done = await asked.ask(Kill(1, parent.pid, psutil.Process(parent.pid).create_time(), "KILL", tree=True))
        assert (done.count, done.alive) == (2, 0)
    await until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


async def test_who_does_not_go_is_told() -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    with start(script) as stubborn:
        if stubborn.stdout:
            stubborn.stdout.readline()
        asked = Asked()
        done = await asked.ask(Kill(1, stubborn.pid, psutil.Process(stubborn.pid).create_time()))
        assert (done.count, done.alive) == (1, 1)
        stubborn.kill()


async def test_the_first_program_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked to by SIGINT, it restarts the computer, which is another permission. A program that stands in for it."""
    with start("import time; time.sleep(600)") as first:
        monkeypatch.setattr(manage, "FIRST", first.pid)
        refused = await Asked().ask(Kill(1, first.pid, psutil.Process(first.pid).create_time(), "KILL"))
        assert isinstance(refused, Failed)
        assert (refused.code, refused.hint) == ("usage", manage.REBOOT)
        assert first.poll() is None
        first.kill()


async def test_the_agent_itself_is_left_alone() -> None:
    asked = Asked()
    me = psutil.Process()
    refused = await asked.ask(Kill(1, me.pid, me.create_time(), "KILL"))
    parent = psutil.Process(os.getppid())
    around = await asked.ask(Kill(2, parent.pid, parent.create_time(), "KILL", tree=True))
    for each in (refused, around):
        assert isinstance(each, Failed)
        assert each.code == "usage"


async def test_a_program_that_is_not_ours_to_end(sleeper: subprocess.Popen[bytes], monkeypatch: Any) -> None:
    def denied(process: psutil.Process, number: int) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "send_signal", denied)
    refused = await Asked().ask(Kill(1, sleeper.pid, psutil.Process(sleeper.pid).create_time()))
    assert isinstance(refused, Failed)
    assert refused.code == "local-problem"
    assert f"sudo kill {sleeper.pid}" in refused.hint


def test_all_of_a_name(sleeper: subprocess.Popen[bytes]) -> None:
    assert sleeper.pid in {program.pid for program in find((), "sleep")}
    assert find((), "no such program at all") == ()


@pytest.mark.parametrize("action", list(Action))
async def test_a_service_is_switched_and_told(action: Action) -> None:
    asked = Asked()
    done = await asked.ask(Switch(1, "cron", action))
    assert isinstance(done, Done)
    assert done.state in ("active", "inactive")
    assert len(asked.face.notices) == 1
    assert "cron" in asked.face.notices[0]
    assert asked.notes == [("service", f"{action} cron")]


async def test_what_was_refused_is_not_told_as_done() -> None:
    asked = Asked(FakeMachine(refusal=LocalProblem("No rights.", "sudo")))
    refused = await asked.ask(Switch(1, "cron", Action.STOP))
    assert refused == Failed(1, "local-problem", "No rights.", "sudo")
    assert (asked.face.notices, asked.notes) == ([], [])


@pytest.mark.parametrize(
    "message",
    [Kill(1, 0, 0.0), Kill(1, -1, 0.0), Kill(1, 5, 0.0, "SEGV"), Kill(1, 5, 0.0, "9"), Find(1, tuple(range(65))),
     Find(1, (), "x" * 257), Switch(1, "", Action.STOP), Switch(1, "x" * 257, Action.STOP)],
)  # fmt: skip
async def test_what_cannot_be_asked(message: Any) -> None:
    asked = Asked()
    await asked.channel.send(message)
    with pytest.raises(PeerBroke):
        await asyncio.wait_for(asked.run, 10)
