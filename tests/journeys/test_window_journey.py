"""The customer's window by a real mouse: asked, allowed, refused, taken back, paused, stopped; and what becomes of it
when its display dies."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_agent.ui.face import style
from tests.support import buttons
from tests.support.stage import BIN, CODE, RsStage
from tests.support.xdesktop import XDesktop, until

pytestmark = pytest.mark.journey

YES = (style.YES, style.YES_OVER)
STOP = (style.STOP, style.STOP_OVER)
PLAIN = (style.PLAIN, style.PLAIN_OVER)


class Customer:
    """A real agent with a window on a real desktop, whose person has a mouse. `terminal`: an open one behind it."""

    def __init__(self, desktop: XDesktop, stage: RsStage, *arguments: str) -> None:
        self.desktop, self.stage = desktop, stage
        settings = stage.folder / "customer" / "config" / "agent.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("brakes = false\n", encoding="utf-8")
        self.agent = subprocess.Popen(
            [str(BIN / "rs-agent"), "--verbose", *arguments], env=stage.customer, stdin=subprocess.DEVNULL,
            stdout=(stage.folder / "agent.out").open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.desktop.wait_for_window("Nobody is connected")

    def code(self) -> str:
        self.desktop.focus(self.desktop.wait_for_window("Nobody is connected"))

        def copied() -> str:
            self.press_first(*PLAIN)  # "Copy the code" is the only plain button there
            return self.desktop.run("xclip", "-selection", "clipboard", "-o").stdout

        return str(until(copied, "the code"))

    def press_first(self, *colours: str) -> None:
        buttons.press(self.desktop, buttons.wait(self.desktop, *colours)[0])

    def allow(self) -> None:
        """Allow is green when it counts."""
        self.press_first(*YES)

    def refuse(self) -> None:
        """Left of Allow, and as large."""
        x, y, wide, high = buttons.wait(self.desktop, *YES)[0]
        buttons.press(self.desktop, (x - wide - style.GAP, y, wide, high))

    def stop(self) -> None:
        """The lowest of all."""
        buttons.press(self.desktop, buttons.wait(self.desktop, *STOP)[-1])

    def shows(self, title: str) -> None:
        self.desktop.wait_for_window(title)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.agent.kill()
        self.agent.wait()


@pytest.fixture
def desktop() -> Iterator[XDesktop]:
    with XDesktop((1280, 800), wm=True) as made:
        yield made


@pytest.fixture
def stage(desktop: XDesktop) -> Iterator[RsStage]:
    with RsStage(desktop.display) as stage:
        yield stage


@pytest.fixture
def customer(desktop: XDesktop, stage: RsStage) -> Iterator[Customer]:
    customer = Customer(desktop, stage)
    stage.join(customer.code())
    customer.shows("connected|Nobody is connected")
    yield customer
    customer.end()


def asked(stage: RsStage, *permissions: str) -> subprocess.Popen[str]:
    return stage.begin("sessions", "ask", stage.session, *permissions, "--json")


def answers(asking: subprocess.Popen[str]) -> dict[str, str]:
    permissions: dict[str, str] = json.loads(asking.communicate(timeout=60)[0])["permissions"]
    return permissions


def test_allowed_refused_taken_back_paused_and_stopped_by_the_mouse(
    customer: Customer, stage: RsStage, desktop: XDesktop
) -> None:
    asking = asked(stage, "view", "control", "files")
    customer.shows("SEE YOUR SCREEN")
    customer.allow()
    customer.shows("USE YOUR MOUSE")
    customer.refuse()
    customer.shows("SEND, FETCH AND CHANGE FILES")
    customer.allow()
    assert answers(asking) == {"view": "granted", "control": "refused", "files": "granted"}
    # Two rows with a way back, each; then pause, draw and the folder.
    rows = buttons.wait(desktop, *PLAIN, number=5)
    buttons.press(desktop, rows[1])
    until(lambda: _granted(stage) == {"view"}, "files taken back")
    buttons.press(desktop, buttons.wait(desktop, *PLAIN, number=4)[1])
    journal = stage.folder / "customer" / "state" / "agent-journal.jsonl"
    until(lambda: '"paused"' in journal.read_text(), "the pause")
    began = time.monotonic()
    customer.stop()
    assert customer.agent.wait(20) == 0
    assert time.monotonic() - began < 10
    customer.shows("Nobody is connected")


def _granted(stage: RsStage) -> set[str]:
    told = json.loads(stage.run("sessions", "show", stage.session, "--json"))
    return {name for name, grant in told["permissions"].items() if grant == "granted"}


def test_the_key_stops_everything_behind_a_program_that_fills_the_screen(
    customer: Customer, stage: RsStage, desktop: XDesktop
) -> None:
    asking = asked(stage, "view")
    customer.shows("SEE YOUR SCREEN")
    customer.allow()
    assert answers(asking) == {"view": "granted"}
    desktop.spawn("xterm", "-fullscreen", "-T", "film", "-e", "cat")
    desktop.focus(desktop.wait_for_window("film"))
    until(lambda: not buttons.found(desktop, *STOP), "nothing of the window to be seen")
    desktop.run("xdotool", "key", "--delay", "60", "ctrl+alt+End", check=True)
    assert customer.agent.wait(20) == 0


def test_a_file_on_its_way_is_seen_and_cancelled(customer: Customer, stage: RsStage, desktop: XDesktop) -> None:
    big = stage.folder / "report.bin"
    big.write_bytes(os.urandom(4_000_000))
    sending = stage.begin("send-file", stage.session, str(big), "--limit", "200K")
    customer.shows("SEND, FETCH AND CHANGE FILES")
    customer.allow()
    # The first plain button, at the right of the bar that grows, cancels.
    until(lambda: len(buttons.found(desktop, *PLAIN)) >= 5, "the row of the file")
    time.sleep(1)
    customer.press_first(*PLAIN)
    _told, why = sending.communicate(timeout=60)
    assert sending.returncode != 0
    assert "stopped this transfer" in why
    assert not list(stage.home.rglob("report.bin"))


def test_a_restart_is_called_off_by_the_button(customer: Customer, stage: RsStage, desktop: XDesktop) -> None:
    asking = asked(stage, "power")
    customer.shows("RESTART THIS COMPUTER")
    customer.allow()
    assert answers(asking) == {"power": "granted"}
    restarting = stage.begin("reboot", stage.session, "--delay", "60")
    both = buttons.wait(desktop, *STOP, number=2)
    buttons.press(desktop, both[0])
    _told, why = restarting.communicate(timeout=60)
    assert restarting.returncode != 0
    assert "called the restart off" in why


def test_a_display_that_dies_takes_the_grants_along_and_brings_the_window_back(
    customer: Customer, stage: RsStage, desktop: XDesktop
) -> None:
    asking = asked(stage, "view", "files")
    for what in ("SEE YOUR SCREEN", "SEND, FETCH"):
        customer.shows(what)
        customer.allow()
    assert answers(asking) == {"view": "granted", "files": "granted"}
    os.kill(desktop._started[0].pid, signal.SIGKILL)
    until(lambda: _granted(stage) == set(), "nothing holds that nobody sees")
    assert answers(asked(stage, "view")) == {"view": "refused"}
    assert customer.agent.poll() is None
    _again(desktop)
    customer.shows("connected")
    asking = asked(stage, "view")
    customer.shows("SEE YOUR SCREEN")
    customer.allow()
    assert answers(asking) == {"view": "granted"}
    stage.run("screenshot", stage.session, str(stage.folder / "seen.png"))
    customer.stop()
    assert customer.agent.wait(20) == 0


def _again(desktop: XDesktop) -> None:
    """Another X server of the same number, with a window manager."""
    lock = Path(f"/tmp/.X{desktop.display[1:]}-lock")
    lock.unlink(missing_ok=True)
    desktop._popen(
        ["Xvfb", desktop.display, "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
        "Xvfb-again",
        desktop.env,
    )
    up = ["xdpyinfo", "-display", desktop.display]
    until(lambda: subprocess.run(up, capture_output=True, check=False).returncode == 0, "the next X server")
    desktop.start_wm()


def test_a_code_is_typed_into_the_window(desktop: XDesktop, stage: RsStage) -> None:
    making = stage.begin("sessions", "new", "--no-tui")
    said = ""
    while making.stdout is not None and making.poll() is None:
        said += making.stdout.read(1)
        if (found := re.search(CODE + r"\s", said)) is not None:
            break
    customer = Customer(desktop, stage, "join")
    try:
        desktop.focus(desktop.wait_for_window("Nobody is connected"))
        buttons.wait(desktop, *YES)
        desktop.run("xdotool", "type", "--delay", "40", "12", check=True)
        customer.allow()
        time.sleep(0.5)
        desktop.run("xdotool", "type", "--delay", "40", found.group().strip(), check=True)
        customer.allow()
        customer.shows("can do nothing yet|session stays open|is connected")
    finally:
        customer.end()
