from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from rs_agent.courtesy import SMALL, Courtesy
from rs_agent.feature import Context
from rs_agent.features.exec import Exec
from rs_relay.channels import exec as said
from rs_relay.channels.exec import AHEAD, SPEC, EndOfInput, Errors, Exited, Failed, Input, Output, Run, Signal, Taken
from rs_relay.errors import PeerBroke, TooLarge
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


class Bench:
    def __init__(self, home: Path) -> None:
        self.face, self.notes = FakeFace(), list[tuple[str, str]]()
        note = lambda kind, text: self.notes.append((kind, text))  # noqa: E731
        self.context = Context(FakeDesktop(), self.face, home, "alice", home=home, note=note)
        self.context.courtesy = Courtesy(lambda: 0.0)  # no time passes
        self.feature = Exec(self.context)

    def begin(self) -> tuple[MemoryChannel, asyncio.Task[None]]:
        technician, agent = channel_pair(SPEC)
        return technician, asyncio.create_task(self.feature.run(agent))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def heard(channel: MemoryChannel) -> tuple[bytes, bytes, Any]:
    """(standard output, standard error, how it ended)."""
    out, errors = b"", b""
    while True:
        match await asyncio.wait_for(channel.receive(), 10):
            case Output(data=data):
                out += data
            case Errors(data=data):
                errors += data
            case Exited() | Failed() as ended:
                return out, errors, ended


def line(text: str, **more: Any) -> Run:
    return Run((text.encode(),), shell=True, **more)


async def test_streams_are_apart_and_the_status_is_its_own(bench: Bench, tmp_path: Path) -> None:
    channel, run = bench.begin()
    await channel.send(Run((b"sh", b"-c", b'cat; echo "$X" >&2; pwd; exit 7'), env={"X": "é"}))
    await channel.send(Input(memoryview(b"\x00\xfe\n")))
    await channel.send(EndOfInput())
    out, errors, ended = await heard(channel)
    assert (out, errors, ended) == (b"\x00\xfe\n" + os.fsencode(tmp_path) + b"\n", "é\n".encode(), Exited(7))
    await run
    assert len(bench.face.notices) == 1
    assert "alice" in bench.face.notices[0]
    assert bench.notes[0][0] == "command"
    assert bench.notes[0][1].startswith("7 sh -c")


@pytest.mark.parametrize(
    ("run", "ended"),
    [
        (Run((b"no-such-program",)), 127),
        (Run((b"/etc/passwd",)), 126),
        (Run((b"/",)), 126),
        (Run((b"true",), cwd=b"/no/such"), 126),
        (line("no-such-program 2>/dev/null"), 127),
        (line("kill -9 $$"), 137),
        (line("kill -TERM $$"), 143),
        (line("exit 255"), 255),
    ],
)
async def test_exit_statuses_are_those_of_a_shell(bench: Bench, run: Run, ended: int) -> None:
    channel, _run = bench.begin()
    await channel.send(run)
    assert (await heard(channel))[2].status == ended


async def test_input_has_credit_of_its_own_so_that_a_signal_is_heard_behind_it(bench: Bench) -> None:
    channel, _run = bench.begin()
    await channel.send(line("trap 'echo got it; exit 3' INT; echo on; while :; do sleep 0.02; done"))
    assert bytes((await channel.receive()).data) == b"on\n"
    for _ in range(AHEAD // said.PIECE):
        await channel.send(Input(memoryview(bytes(said.PIECE))))
    await channel.send(Signal("INT"))
    out, _errors, ended = await heard(channel)
    assert (out, ended.status) == (b"got it\n", 3)


@pytest.mark.parametrize(("tty", "room"), [(said.Tty("xterm", 80, 24), SMALL), (None, 2 * SMALL)])
async def test_files_give_way_to_what_is_typed_at_a_terminal(bench: Bench, tty: said.Tty | None, room: int) -> None:
    channel, run = bench.begin()
    await channel.send(line("read x; exit 4", tty=tty))
    await channel.send(Input(memoryview(b"y\n")))
    assert (await heard(channel))[2] == Exited(4)
    await run
    assert await bench.context.courtesy.turn(2 * SMALL) == room


async def test_input_beyond_its_credit_breaks_the_rules(bench: Bench) -> None:
    channel, run = bench.begin()
    await channel.send(line("sleep 60"))
    for _ in range(AHEAD // said.PIECE + 8):
        await channel.send(Input(memoryview(bytes(said.PIECE))))
    with pytest.raises(PeerBroke):
        await run


async def test_a_command_that_wants_no_input_says_so_and_loses_none_of_its_output(bench: Bench) -> None:
    channel, _run = bench.begin()
    await channel.send(line("exec <&-; echo bye"))
    await channel.send(Input(memoryview(b"x" * 100)))
    out, _errors, ended = await heard(channel)
    assert (out, ended.status) == (b"bye\n", 0)


async def test_taken_counts_what_went_in(bench: Bench) -> None:
    channel, _run = bench.begin()
    await channel.send(line("cat >/dev/null"))
    await channel.send(Input(memoryview(b"x" * 1000)))
    assert await channel.receive() == Taken(1000)
    await channel.send(EndOfInput())
    assert (await heard(channel))[2] == Exited(0)


async def test_time_is_over(bench: Bench) -> None:
    channel, _run = bench.begin()
    await channel.send(line("echo a; sleep 60", seconds=0.2))
    out, _errors, ended = await heard(channel)
    assert out == b"a\n"
    assert ended.late


async def test_a_broken_link_ends_it_and_all_that_it_started(bench: Bench) -> None:
    channel, run = bench.begin()
    await channel.send(line("trap '' TERM; sleep 65 & echo $!; wait"))
    child = int(bytes((await channel.receive()).data))
    await break_off(channel)
    with pytest.raises(ChannelClosed):
        await asyncio.wait_for(run, 10)
    await until(lambda: not Path(f"/proc/{child}").exists())
    assert bench.notes[-1][1].startswith("ended ")


async def test_a_cancelled_run_leaves_nothing(bench: Bench) -> None:
    channel, run = bench.begin()
    await channel.send(line("trap '' TERM HUP; setsid sleep 66 & echo $!; wait"))
    child = int(bytes((await channel.receive()).data))
    run.cancel()
    await asyncio.wait({run}, timeout=10)
    await until(lambda: not Path(f"/proc/{child}").exists())


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (Run(()), PeerBroke),
        (Run((b"",)), PeerBroke),
        (Run((b"a\0b",)), PeerBroke),
        (Run((b"a", b"b"), shell=True), PeerBroke),
        (Run((b"a",), env={"A=B": "c"}), PeerBroke),
        (Run((b"a",), seconds=float("nan")), PeerBroke),
        (Run((b"a",), tty=said.Tty("xterm", 0, 24)), PeerBroke),
        (Run((b"a",), tty=said.Tty("../../x", 80, 24)), PeerBroke),
        (Run((b"x" * 200_000,)), TooLarge),
        (EndOfInput(), PeerBroke),
    ],
)
async def test_what_no_honest_technician_says(bench: Bench, run: Any, error: type[Exception]) -> None:
    channel, running = bench.begin()
    await channel.send(run)
    with pytest.raises(error):
        await running
    assert bench.face.notices == []


async def test_the_customer_reads_a_short_and_harmless_line(bench: Bench) -> None:
    channel, _run = bench.begin()
    await channel.send(line("true \x1b[2J" + "x" * 500))
    await heard(channel)
    assert "\x1b" not in bench.face.notices[0]
    assert len(bench.face.notices[0]) < 120
