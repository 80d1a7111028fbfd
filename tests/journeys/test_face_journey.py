"""The customer's window in a session of real programs: asked, answered, seen, stopped while a technician types."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.support.stage import BIN, RsStage
from tests.support.xdesktop import XDesktop, until

pytestmark = pytest.mark.journey


@pytest.fixture
def desktop() -> Iterator[XDesktop]:
    with XDesktop((1280, 720), wm=True) as made:
        yield made


def test_from_the_code_to_the_summary(desktop: XDesktop) -> None:
    def press(*keys: str) -> None:
        desktop.run("xdotool", "key", "--delay", "60", *keys, check=True)

    def clipboard() -> str:
        press("alt+c")
        return desktop.run("xclip", "-selection", "clipboard", "-o").stdout

    with RsStage(desktop.display) as stage:
        agent = subprocess.Popen([str(BIN / "rs-agent")], env=stage.customer, stdin=subprocess.DEVNULL)
        try:
            desktop.focus(desktop.wait_for_window("Nobody is connected"))
            stage.join(until(clipboard, "the code"))
            asking = stage.begin("sessions", "ask", stage.session, "view", "control", "--json")
            desktop.focus(desktop.wait_for_window("SEE YOUR SCREEN"))
            # The warning first, then two questions; each yes counts after a while, control's after ten seconds.
            end = time.monotonic() + 60
            while asking.poll() is None and time.monotonic() < end:
                press("alt+c", "alt+a")
                time.sleep(0.3)
            answers = json.loads(asking.communicate(timeout=30)[0])["permissions"]
            assert answers == {"view": "granted", "control": "granted"}
            desktop.wait_for_window("connected|sees your screen")
            began = time.monotonic()
            press("ctrl+alt+End")
            assert agent.wait(20) == 0
            assert time.monotonic() - began < 10  # within a second, on a machine that is not busy
            desktop.wait_for_window("Nobody is connected")
            told = subprocess.run(
                [str(BIN / "rs-agent"), "journal"], env=stage.customer, capture_output=True, text=True, check=True
            ).stdout
            first, second, third = (
                told.index(text) for text in ("read the warning", "SEE YOUR SCREEN", "USE YOUR MOUSE AND KEYBOARD")
            )
            assert first < second < third
            seconds = [line.split()[0] for line in told.splitlines() if "you allowed" in line]
            assert len(seconds) == 2
        finally:
            agent.kill()
            agent.wait()
