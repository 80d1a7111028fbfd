"""A plainer desktop, a dark screen, held hands: real programs from the technician's verb to the X server and back,
whatever is killed. The customer's computer is a full Xorg, whose keyboard and mouse are hardware to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keeping import ESCAPE, WALL, Typed, gamma, keepers
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until
from tests.support.xorg import Xorg

KEY_Z = 52  # a keycode


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Xorg]:
    with Xorg(wm=True) as x:
        x.run("hsetroot", "-solid", "#10a040", check=True)
        yield x


@pytest.fixture
def technician() -> Iterator[XDesktop]:
    with XDesktop((1300, 900), wm=True) as x:
        yield x


@pytest.fixture
def stage(customer: Xorg, technician: XDesktop, tmp_path: Path) -> Iterator[RsStage]:
    (tmp_path / "stage").mkdir()
    with RsStage(customer.display, tmp_path / "stage") as made:
        made.technician["DISPLAY"] = technician.display
        yield made


def plain(x: XDesktop) -> bool:
    return x.pixel(1200, 700) == (0x3A, 0x3F, 0x4B)


def walled(x: XDesktop) -> bool:
    return x.pixel(1200, 700) == WALL


def test_the_wallpaper_is_hidden_while_a_window_wants_it(customer: Xorg, stage: RsStage) -> None:
    stage.start_agent()
    stage.join()
    window = stage.begin("view", stage.session, "--plain")
    until(lambda: plain(customer), "the wallpaper to go")
    window.terminate()
    until(lambda: walled(customer), "the wallpaper to come back when the window closes")
    stage.begin("view", stage.session, "--plain")
    until(lambda: plain(customer), "the wallpaper to go")
    stage.agent.kill()
    until(lambda: walled(customer), "the wallpaper to come back when the agent is killed")


def test_killed_with_all_that_was_started_the_next_start_puts_it_back(customer: Xorg, stage: RsStage) -> None:
    """As after a power cut: nobody was left to put anything back."""
    state = stage.folder / "customer" / "state"
    stage.start_agent()
    stage.join()
    stage.begin("view", stage.session, "--plain")
    until(lambda: plain(customer), "the wallpaper to go")
    os.kill(stage.agent.process.pid, signal.SIGSTOP)  # so that it cannot mend what is killed next
    for pid in keepers(state):
        os.kill(pid, signal.SIGKILL)
    stage.agent.kill()
    until(lambda: not keepers(state), "nobody to be left")
    assert plain(customer)
    stage.start_agent()
    until(lambda: walled(customer), "the wallpaper to come back at the next start")


def test_the_customer_says_yes_is_held_and_ends_it_by_three_escapes(
    customer: Xorg, technician: XDesktop, stage: RsStage, tmp_path: Path
) -> None:
    typed = tmp_path / "typed"
    customer.xterm(f"cat > {typed}", title="an editor")
    before = gamma(customer)
    stage.start_agent()
    stage.join()
    stage.begin("view", stage.session)
    window = technician.wait_for_window(stage.window_title)
    holding = stage.begin("privacy", stage.session, "--blank", "--block")
    stage.agent.wait_for("DARKEN YOUR SCREEN AND HOLD")
    assert gamma(customer) == before
    stage.agent.wait_for("Allow\\?")
    stage.agent.type("y\n")
    stage.agent.wait_for("HOLDS YOUR KEYBOARD AND MOUSE")
    until(lambda: gamma(customer) == {0}, "darkness")
    customer.keyboard.press(KEY_Z)
    technician.focus(window)
    until(lambda: _types(technician, typed), "what the technician types")
    assert "z" not in typed.read_text()

    def escaped() -> bool:
        for _ in range(3):
            customer.keyboard.press(ESCAPE)
            time.sleep(0.05)  # no hand is quicker
        with contextlib.suppress(subprocess.TimeoutExpired):
            holding.wait(5)
        return holding.returncode is not None

    until(escaped, "the end of it")  # where this computer stands still, three are not one after the other
    assert holding.returncode == 3  # not allowed any more
    assert gamma(customer) == before
    stage.agent.wait_for("You pressed Escape three times")
    customer.keyboard.press(KEY_Z)
    customer.keyboard.press(36)
    until(lambda: "z" in typed.read_text(), "what the customer types")


def _types(technician: XDesktop, typed: Path) -> bool:
    technician.run("xdotool", "key", "a", "Return")
    return typed.exists() and "a\n" in typed.read_text()


@pytest.mark.parametrize("who", ["technician", "agent"])
def test_whoever_is_killed_the_customer_has_it_all_back(customer: Xorg, stage: RsStage, who: str) -> None:
    before, hands = gamma(customer), Typed(customer)
    stage.start_agent(allow="view,control,privacy")
    stage.join()
    holding = stage.begin("privacy", stage.session, "--blank", "--block")
    until(lambda: gamma(customer) == {0} and hands.floating() == 2, "dark and held")
    if who == "agent":
        stage.agent.kill()
    else:
        holding.kill()
    until(lambda: gamma(customer) == before and not hands.floating(), "light, keyboard and mouse")
    hands.close()


def test_by_the_menu(customer: Xorg, technician: XDesktop, stage: RsStage) -> None:
    """F8, then the letters that are underlined."""
    before = gamma(customer)
    stage.start_agent(allow="view,control,privacy")
    stage.join()
    stage.begin("view", stage.session)
    window = technician.wait_for_window(stage.window_title)
    stage.agent.wait_for("your mouse and keyboard are used")
    technician.focus(window)
    until(lambda: _menu(technician, "b") and gamma(customer) == {0}, "darkness")
    stage.agent.wait_for("Press Escape three times")
    _menu(technician, "b")
    until(lambda: gamma(customer) == before, "light")


def _menu(technician: XDesktop, letter: str) -> bool:
    technician.run("xdotool", "key", "--delay", "400", "F8", letter)
    return True
