"""What the keeper's tests share: an agent that wants things, and how one sees what has become of a desktop."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from Xlib import X
from Xlib import display as xdisplay
from Xlib.ext import xinput, xtest

from rs_agent.desktop.keeping import Kept
from tests.support.xdesktop import XDesktop, until

ROOT = Path(__file__).parents[2]
ESCAPE, LETTER = 9, 38  # keycodes
WALL = (0x10, 0xA0, 0x40)
AGENT = """
import sys, time
from pathlib import Path
from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeping import X11Keeper
keeper = X11Keeper(sys.argv[1], Path(sys.argv[2]), sys.argv[3], lambda kept: print(*sorted(kept.in_force), flush=True))
keeper.want(frozenset(Change(c) for c in sys.argv[4:]))
time.sleep(600)
"""


class Told:
    def __init__(self) -> None:
        self.all: list[Kept] = []
        self._more = threading.Condition()

    def __call__(self, kept: Kept) -> None:
        with self._more:
            self.all.append(kept)
            self._more.notify_all()

    def wait(self, holds: Callable[[Kept], bool]) -> Kept:
        with self._more:
            assert self._more.wait_for(lambda: bool(self.all) and holds(self.all[-1]), 30), self.all
            return self.all[-1]


def agent(x: XDesktop, folder: Path, purpose: str, *changes: str) -> subprocess.Popen[str]:
    """A process that wants `changes`, once they hold."""
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-c", AGENT, x.display, str(folder), purpose, *changes],
        stdout=subprocess.PIPE, text=True, env={**x.env, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout
    while process.stdout.readline().split() != sorted(changes):
        assert process.poll() is None
    return process


def kill9(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


def keepers(folder: Path) -> list[int]:
    """The keepers of that folder that live."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"rs_agent.desktop.x11.keeper" in words and str(folder).encode() in words:
            found.append(int(entry.name))
    return found


def properties(x: XDesktop) -> str:
    return x.run("xprop", "-root", "_XROOTPMAP_ID", "ESETROOT_PMAP_ID").stdout


def gamma(x: XDesktop) -> set[int]:
    """The red values that the outputs show."""
    opened = xdisplay.Display(x.display)
    try:
        crtcs = opened.screen().root.xrandr_get_screen_resources_current().crtcs
        on = [crtc for crtc in crtcs if opened.xrandr_get_crtc_info(crtc, 0).mode]
        return {value for crtc in on for value in opened.xrandr_get_crtc_gamma(crtc).red}
    finally:
        opened.close()


class Typed:
    """A window that has the keyboard, and what it hears."""

    def __init__(self, x: XDesktop) -> None:
        self.display = xdisplay.Display(x.display)
        screen = self.display.screen()
        mask = X.KeyPressMask | X.PointerMotionMask
        self.window = screen.root.create_window(0, 0, 1280, 800, 0, X.CopyFromParent, event_mask=mask)
        self.window.map()
        self.display.sync()
        until(lambda: self.window.get_attributes().map_state == X.IsViewable, "the window")
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self.display.sync()
        self.heard()

    def heard(self) -> list[int]:
        """Types of the events since the last call."""
        self.display.sync()
        return [self.display.next_event().type for _ in range(self.display.pending_events())]

    def technician(self) -> None:
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(self.display, kind, LETTER)
        self.display.sync()

    def floating(self) -> int:
        told = self.display.xinput_query_device(xinput.AllDevices).devices
        return sum(device.use == xinput.FloatingSlave for device in told)

    def close(self) -> None:
        self.window.destroy()
        self.display.close()
