"""Two technicians in one session, real programs throughout: invited, allowed one by one, handed over, taken out."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rs_relay.channels import chat, party
from rs_relay.errors import NotAllowed, RsError, SessionEnded
from rs_relay.link.channel import ChannelClosed
from tests.support.hostile_technician import hostile_link
from tests.support.stage import CODE, RsStage
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[RsStage]:
    with RsStage(folder=tmp_path) as stage:
        stage.start_agent("--desktop", "headless", allow="files")
        stage.join()
        yield stage


def bring_in(stage: RsStage, *how: str) -> tuple[dict[str, str], subprocess.Popen[str]]:
    """A second technician joins by a code of the first one's; their environment, and the command that invited."""
    inviting = stage.begin("sessions", *(how or ("invite", stage.session)))
    stage.agent.wait_for(r"asks to BRING A SECOND TECHNICIAN")
    stage.agent.wait_for(r"Allow\? \[y/N\]", 20)
    stage.agent.type("y\n")
    assert inviting.stdout is not None
    code = re.search(CODE, inviting.stdout.readline())
    assert code
    second = stage._env("second")
    joined = by(stage, second)("connect", "--no-tui", text=code.group() + "\n")
    assert joined.returncode == 0, joined.stderr
    return second, inviting


def by(stage: RsStage, env: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            stage.command(*arguments), input=text, env=env, capture_output=True, text=True, timeout=120
        )

    return run


def test_a_second_technician_is_invited_and_allowed_nothing_that_the_first_is(stage: RsStage, tmp_path: Path) -> None:
    env, inviting = bring_in(stage)
    second = by(stage, env)
    assert inviting.wait(60) == 0
    stage.agent.wait_for(r"unknown technician \(2\) has joined")
    (stage.home / "mine.txt").write_text("ada")
    assert "mine.txt" in stage.run("ls", stage.session)
    looking = subprocess.Popen(stage.command("ls", "1"), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stage.agent.wait_for(r"unknown technician \(2\) asks to SEND, FETCH AND CHANGE FILES")  # though the first may
    stage.agent.type("n\n")
    assert looking.wait(60) == NotAllowed.exit_status
    shown = json.loads(second("sessions", "show", "1", "--json").stdout)
    assert shown["permissions"]["files"] == "refused"
    assert [(one["number"], one["leads"], one["you"]) for one in shown["present"]] == [
        (1, True, False),
        (2, False, True),
    ]
    assert json.loads(stage.run("sessions", "show", stage.session, "--json"))["permissions"]["files"] == "granted"
    stage.agent.type("/status\n")
    stage.agent.wait_for(r"technician \(2\) \(not connected\): nothing is allowed")
    stage.agent.type("/allow files 2\n")
    until(lambda: "mine.txt" in second("ls", "1").stdout, "the second one's own grant")
    stage.agent.type("/withdraw files 1\n")
    until(lambda: stage.attempt("ls", stage.session).returncode == NotAllowed.exit_status, "the first one's withdrawal")
    assert "mine.txt" in second("ls", "1").stdout


def test_who_is_taken_out_is_told_and_cannot_come_back(stage: RsStage) -> None:
    env, inviting = bring_in(stage)
    second = by(stage, env)
    assert inviting.wait(60) == 0
    kept = next(Path(env["RS_STATE_DIR"], "sessions").glob("*.session")).read_bytes()  # a stolen copy, if you like
    watching = stage.begin("watch", stage.session, "--json")
    theirs = subprocess.Popen(
        stage.command("watch", "1", "--json"), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert theirs.stdout is not None
    while json.loads(theirs.stdout.readline())["event"] != "permissions":
        pass
    refused = second("sessions", "remove", "1", "1")
    assert refused.returncode == NotAllowed.exit_status, refused
    stage.agent.type("/remove 2\n")
    told = [json.loads(line) for line in theirs.communicate(timeout=60)[0].splitlines()]
    assert told[-1]["event"] == "ended"
    assert "without you" in told[-1]["why"]
    assert watching.stdout is not None
    assert any(json.loads(line)["event"] == "left" for line in watching.stdout)
    Path(env["RS_STATE_DIR"], "sessions", "1.session").write_bytes(kept)
    again = second("chat", "1", "hello", "--timeout", "20")
    assert again.returncode == SessionEnded.exit_status, again
    stage.run("chat", stage.session, "the session goes on")


@pytest.mark.parametrize("answer", ["y", "n"])
def test_the_session_is_handed_over_with_what_the_customer_agrees_to(stage: RsStage, answer: str) -> None:
    env, handing = bring_in(stage, "hand-over", stage.session)
    second = by(stage, env)
    kept = Path(stage.technician["RS_STATE_DIR"], "sessions", "1.session").read_bytes()
    stage.agent.wait_for(r"has handed the session over to .*\(2\)")
    stage.agent.wait_for(r"asks to DO WHAT .* WAS ALLOWED")
    assert handing.wait(60) == 0
    stage.agent.wait_for(r"Allow\? \[y/N\]", 20, after=stage.agent.text.rindex("WAS ALLOWED"))
    stage.agent.type(answer + "\n")
    granted = "granted" if answer == "y" else "not-asked"
    until(
        lambda: json.loads(second("sessions", "show", "1", "--json").stdout)["permissions"]["files"] == granted,
        "what passed",
    )
    shown = json.loads(second("sessions", "show", "1", "--json").stdout)
    assert [(one["number"], one["leads"]) for one in shown["present"]] == [(2, True)]
    assert stage.attempt("ls", stage.session).returncode == SessionEnded.exit_status
    Path(stage.technician["RS_STATE_DIR"], "sessions", "1.session").write_bytes(kept)
    assert stage.attempt("ls", stage.session, "--timeout", "20").returncode == SessionEnded.exit_status
    assert second("sessions", "end", "1").returncode == 0
    stage.agent.wait_for("The session is over")


def test_a_hostile_second_technician(stage: RsStage) -> None:
    """Their own link, patched: it invites, hands over and removes what is not theirs, and goes on without grants."""
    env, inviting = bring_in(stage)
    assert inviting.wait(60) == 0
    stage.technician = env
    stage.session = "1"

    async def attack() -> None:
        async with hostile_link(stage) as hostile:
            for message in (party.HandOver(2), party.HandOver(1), party.Remove(1), party.Remove(2), party.Remove(99)):
                loud = await hostile.link.open(party.SPEC)
                await loud.send(message)
                with pytest.raises(ChannelClosed) as closed:
                    await loud.receive()
                assert isinstance(closed.value.error, RsError)
            hostile.unasked("files", b"\x81\xa4type\xa4list")  # the first one's grant is none of theirs
            await hostile.ended()
        async with hostile_link(stage) as hostile:
            talk = await hostile.link.open(chat.SPEC)
            await talk.send(chat.Since())

    asyncio.run(attack())
    stage.agent.type("/status\n")
    stage.agent.wait_for(r"technician \(2\)[^;]*: nothing is allowed")
