"""A restart from the technician's verb to the same session: real programs, a computer that the test switches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.errors import NotAllowed, SessionEnded
from tests.soak.reboot import Blow, once
from tests.support.rebooting import Restarts, staged
from tests.support.xdesktop import until


@pytest.fixture
def restarts(tmp_path: Path) -> Iterator[Restarts]:
    (tmp_path / "stage").mkdir()
    with staged(folder=tmp_path / "stage") as made:
        yield made


def test_there_and_back_and_all_works_on(restarts: Restarts) -> None:
    stage = restarts.stage
    restarts.start()
    stage.run("chat", stage.session, "before")
    waiting = stage.begin("reboot", stage.session, "--wait", "--json", "--delay", "5", "--reason", "An update")
    stage.agent.wait_for("This computer restarts in 5 seconds")
    stage.agent.wait_for("They say why: An update")
    until(lambda: restarts.computer.asked, "the restart")
    assert restarts.traces()
    stage.agent.process.send_signal(signal.SIGTERM)  # as the system ends what runs; no goodbye
    assert stage.agent.wait() == 0
    assert waiting.poll() is None
    assert json.loads(stage.run("sessions", "list", "--json"))[0]["state"] == "restarting"
    assert restarts.boot()
    stage.agent.wait_for("This computer was restarted")
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert json.loads(out)["restarted"] is True
    assert not restarts.traces()
    stage.run("chat", stage.session, "after")
    stage.agent.wait_for("after")
    shown = json.loads(stage.run("sessions", "show", stage.session, "--json"))
    assert shown["state"] == "online"
    assert (shown["permissions"]["view"], shown["permissions"]["power"]) == ("granted", "granted")
    stage.agent.type("stop\n")
    stage.agent.wait_for("The session is over")
    assert stage.agent.wait() == 0


def test_the_customer_stops_it_while_it_is_counted(restarts: Restarts) -> None:
    stage = restarts.stage
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--delay", "60")
    stage.agent.wait_for("This computer restarts in 60 seconds")
    stage.agent.type("/stop-reboot\n")
    assert waiting.wait(20) == NotAllowed.exit_status
    stage.agent.wait_for("This computer does not restart")
    assert not restarts.traces()
    assert not restarts.computer.asked


@pytest.mark.parametrize("how", ["withdraw", "ctrl-c", "kill"])
def test_whoever_goes_away_it_does_not_happen(restarts: Restarts, how: str) -> None:
    stage = restarts.stage
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--delay", "60")
    stage.agent.wait_for("This computer restarts in 60 seconds")
    if how == "withdraw":
        stage.agent.type("/withdraw power\n")
        assert waiting.wait(20) == NotAllowed.exit_status
    else:
        waiting.send_signal(signal.SIGINT if how == "ctrl-c" else signal.SIGKILL)
        waiting.wait(20)
    stage.agent.wait_for("This computer does not restart")
    assert not restarts.traces()


def test_the_customers_stop_on_the_way_down_ends_it_and_leaves_no_trace(restarts: Restarts) -> None:
    stage = restarts.stage
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--wait", "--delay", "5")
    until(lambda: restarts.computer.asked, "the restart")
    assert restarts.traces()
    stage.agent.type("stop\n")
    assert stage.agent.wait() == 0
    assert waiting.wait(20) == SessionEnded.exit_status
    assert not restarts.traces()
    assert not restarts.boot()


def test_too_late_is_said_at_both_ends(restarts: Restarts) -> None:
    stage = restarts.stage
    stage.customer["RS_TEST_WINDOW"] = "4"
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--wait", "--delay", "5")
    until(lambda: restarts.computer.asked, "the restart")
    os.kill(stage.agent.process.pid, signal.SIGKILL)
    stage.agent.wait()
    _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == SessionEnded.exit_status
    assert "did not come back in time" in err
    assert restarts.boot()
    assert stage.agent.wait() != 0
    assert "took longer than the session waits" in stage.agent.text
    assert not restarts.traces()


def test_where_nobody_can_see_it_nothing_is_allowed_any_more(restarts: Restarts, tmp_path: Path) -> None:
    stage = restarts.stage
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--delay", "5")
    assert waiting.wait(60) == 0
    restarts.kill_tree()
    restarts.computer.start_anew()
    command = restarts.computer.entry_command()
    assert command
    with (tmp_path / "out").open("wb") as out, subprocess.Popen(command, env=stage.customer, stdout=out) as agent:
        until(lambda: "online" in stage.run("sessions", "list", "--json"), "the agent")
        shown = json.loads(stage.run("sessions", "show", stage.session, "--json", "--timeout", "20"))
        agent.terminate()
    assert shown["permissions"]["view"] == "not-asked"


def test_a_program_killed_on_its_way_and_started_again_by_hand_goes_on(restarts: Restarts) -> None:
    """No restart came of it: the boot is the same one, and the program that wrote the ticket has died."""
    stage = restarts.stage
    restarts.start()
    waiting = stage.begin("reboot", stage.session, "--wait", "--json", "--delay", "5")
    until(lambda: restarts.computer.asked, "the restart")
    restarts.kill_tree()
    restarts._run([*restarts._program(), "--desktop", "headless"])
    stage.agent.wait_for("The session goes on")
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert json.loads(out)["restarted"] is False
    assert not restarts.traces()


@pytest.mark.parametrize(
    ("blow", "outcomes"),
    [
        (Blow("counting"), {"ended"}),  # nothing is written yet
        (Blow("ticket"), {"back"}),  # all is written, and nobody was asked
        (Blow("asked", again=0.4, anew_again=False), {"back", "ended"}),  # the start that may have the one ticket, too
    ],
    ids=lambda value: value.after if isinstance(value, Blow) else "",
)
def test_killed_at_the_worst_moments_it_comes_back_or_ends_and_leaves_nothing(blow: Blow, outcomes: set[str]) -> None:
    """Three of the rounds of `make soak-reboot`."""
    went = once(blow, 8.0)
    assert went.well, went
    assert went.outcome in outcomes
