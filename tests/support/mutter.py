"""A Wayland desktop without a screen: mutter (GNOME's compositor) headless, with portal, PipeWire and D-Bus of its own;
and the person at it, who sees and clicks by mutter's own interfaces, which no program of rs uses.

with MutterDesktop() as desktop:
    desktop.start("foot", "-e", "cat")
    desktop.person.sees() ...; desktop.person.click(640, 386)
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from rs_relay.capture.base import Pixels
from rs_relay.errors import LocalProblem
from rs_relay.pipewire.stream import Connection, News
from rs_relay.portal.bus import Bus, CallFailed
from tests.support.xdesktop import until

SIZE = (1280, 720)
NEEDS = ("mutter", "pipewire", "wireplumber", "dbus-run-session", "foot")
PORTALS = (Path("/usr/libexec/xdg-desktop-portal"), Path("/usr/libexec/xdg-desktop-portal-gnome"))
_REMOTE, _CAST = "org.gnome.Mutter.RemoteDesktop", "org.gnome.Mutter.ScreenCast"
_LEFT, _SHIFT = 0x110, 0xFFE1


def missing() -> str:
    """Why there can be no such desktop here; '' where there can."""
    lacking = [name for name in NEEDS if shutil.which(name) is None]
    lacking += [path.name for path in PORTALS if not path.exists()]
    return f"not installed here: {', '.join(lacking)}" if lacking else ""


class MutterDesktop:
    """`environ`: for programs of this desktop's session."""

    def __init__(self, size: tuple[int, int] = SIZE, *, xwayland: bool = False) -> None:
        """`xwayland`: with an X server for old programs, whose DISPLAY is in `environ`."""
        self.size, self._xwayland = size, xwayland
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> MutterDesktop:
        self.folder = Path(tempfile.mkdtemp(prefix="rs-w-"))
        self._exit.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._exit.callback(self._unmount)
        (self.folder / "run").mkdir(mode=0o700)
        self.log = self._exit.enter_context((self.folder / "log").open("ab"))
        others = ("XDG_", "DBUS_", "WAYLAND_", "DISPLAY")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(others)}
        self.environ = {
            **kept,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "GNOME",
            "WAYLAND_DISPLAY": "wayland-rs",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "GSK_RENDERER": "cairo",
            "GTK_A11Y": "none",
            "LC_ALL": "C.UTF-8",
        }
        address = self.folder / "bus"
        self._exit.callback(self._stop)
        self._session = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", f'echo "$DBUS_SESSION_BUS_ADDRESS" >{address}; exec sleep 1d'],
            env=self.environ, stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        until(lambda: address.exists() and address.read_text().endswith("\n"), "the session's D-Bus")
        self.environ["DBUS_SESSION_BUS_ADDRESS"] = address.read_text().strip()
        self.start("pipewire")
        until((self.folder / "run/pipewire-0").exists, "PipeWire")
        self.start("wireplumber")
        self.begin()
        return self

    def _unmount(self) -> None:
        """The document portal mounts itself there, and may be gone without its mount."""
        subprocess.run(["umount", "--lazy", self.folder / "run/doc"], stderr=subprocess.DEVNULL, check=False)

    def begin(self) -> None:
        """The compositor."""
        width, height = self.size
        self.mutter = self.start(
            "mutter", "--headless", "--wayland", f"--virtual-monitor={width}x{height}", "--wayland-display=wayland-rs",
            *(() if self._xwayland else ("--no-x11",)),
        )  # fmt: skip
        until(lambda: _answers(self.folder / "run/wayland-rs"), "the compositor")
        if self._xwayland:
            told: re.Match[str] = until(
                lambda: re.search(r"public X11 display (:\d+)", (self.folder / "log").read_text()), "an X display"
            )
            self.environ["DISPLAY"] = told.group(1)
            self.environ["XAUTHORITY"] = str(next((self.folder / "run").glob(".mutter-Xwaylandauth.*")))
        self.person = Person(self)

    def kill(self) -> None:
        """The compositor dies, and what was drawn by it."""
        self.person.close()
        self.mutter.kill()
        self.mutter.wait()

    def sessions(self) -> int:
        """How many programs see this screen."""
        return self.person.count("/org/gnome/Mutter/ScreenCast/Session")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A program of this session."""
        started = subprocess.Popen(
            command, env=self.environ, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        self._exit.callback(_end, started)
        return started

    def _stop(self) -> None:
        with contextlib.suppress(AttributeError):
            self.person.close()
        _end(self._session)

    def __exit__(self, *_: object) -> None:
        self._exit.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its children: each is a group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class Person:
    """Sees the first screen; has a mouse and a keyboard."""

    def __init__(self, desktop: MutterDesktop) -> None:
        self._node = 0
        self._bus = Bus(self._heard, desktop.environ["DBUS_SESSION_BUS_ADDRESS"])
        until(lambda: self._known(), "mutter's interfaces")
        self._hands = self._call(_REMOTE, "/org/gnome/Mutter/RemoteDesktop", _REMOTE, "CreateSession")
        self._call(_REMOTE, self._hands, f"{_REMOTE}.Session", "Start")
        cast = self._call(_CAST, "/org/gnome/Mutter/ScreenCast", _CAST, "CreateSession", "a{sv}", {})
        self._bus.run(self._bus.listen(f"type='signal',interface='{_CAST}.Stream'"), 5)
        self._call(_CAST, cast, f"{_CAST}.Session", "RecordMonitor", "sa{sv}", "", {})
        self._call(_CAST, cast, f"{_CAST}.Session", "Start")
        until(lambda: self._node, "the node of mutter's screen")
        link = socket.socket(socket.AF_UNIX)
        link.connect(f"{desktop.environ['XDG_RUNTIME_DIR']}/pipewire-0")
        self._eyes: Connection | None = Connection(link.detach())
        self._stream = self._eyes.stream(self._node, self._news)
        until(lambda: self._stream.size, "a picture of mutter's screen")
        for down in (True, False):  # a desktop without a screen has no keyboard before the first key
            self._act("NotifyKeyboardKeysym", "ub", _SHIFT, down)

    def _heard(self, message: Any) -> None:
        if message is not None and message.member == "PipeWireStreamAdded":
            self._node = message.body[0]

    def _news(self, news: News) -> None:
        """Looks when it likes."""

    def _known(self) -> bool:
        try:
            self._call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", "s", _CAST)
        except LocalProblem:
            return False
        return True

    def _call(self, to: str, place: str, interface: str, method: str, signature: str = "", *body: Any) -> Any:
        try:
            call = self._bus.call(interface, method, signature, list(body), place=place, to=to)
            answer = self._bus.run(call, 10)
        except CallFailed as e:
            raise LocalProblem(str(e)) from e
        return answer.body[0] if answer.body else None

    def count(self, place: str) -> int:
        """Objects of mutter's below `place`."""
        told = self._call(_CAST, place, "org.freedesktop.DBus.Introspectable", "Introspect")
        return str(told).count("<node name=")

    def sees(self) -> Pixels:
        """B, G, R, X of the whole screen."""
        width, height = self._stream.size or SIZE
        picture = np.zeros((height, width, 4), np.uint8)
        self._stream.copy(picture, (0, 0), [(0, 0, width, height)])
        return picture

    def _act(self, method: str, signature: str, *values: Any) -> None:
        self._call(_REMOTE, self._hands, f"{_REMOTE}.Session", method, signature, *values)

    def click(self, x: int, y: int) -> None:
        self._act("NotifyPointerMotionRelative", "dd", -9000.0, -9000.0)
        self._act("NotifyPointerMotionRelative", "dd", float(x), float(y))
        for down in (True, False):
            time.sleep(0.1)  # a person's; a toolkit takes less for a slip of the hand
            self._act("NotifyPointerButton", "ib", _LEFT, down)
        time.sleep(0.2)

    def asked(self) -> bool:
        """The desktop's own question is on show, in the middle of the screen."""
        height, width = self.sees().shape[:2]
        return bool((self.sees()[height // 2 + 140, width // 2 - 200 : width // 2 + 200, :3] > 0xE0).all())

    def answers(self, *, hands: bool = False, remember: bool = False, yes: bool = True) -> None:
        """Waits for the question. Places are those of xdg-desktop-portal-gnome 43."""
        until(self.asked, "the desktop's own question", 30)
        time.sleep(0.5)
        height, width = self.sees().shape[:2]
        middle, top = width // 2, height // 2 - 150
        if not yes:
            self.click(middle - 210, top + 23)
        else:
            # Where it could be remembered, that stands above the screens.
            kept = bool((self.sees()[top + 123, middle - 100 : middle + 120, :3] < 0x80).any())
            self.click(middle, top + (176 if kept else 136))
            for _ in range(3 if remember else 0):
                if self.sees()[top + 117, middle - 94, 0] > 0xE0 and self.sees()[top + 117, middle - 94, 2] < 0x80:
                    break  # it is ticked; a first click may only have given it the keyboard
                self.click(middle - 40, top + 123)
            if hands:
                self.click(middle + 190, top + 222)
            self.click(middle + 213, top + 23)
        until(lambda: not self.asked(), "the end of the question")

    def close(self) -> None:
        eyes, self._eyes = self._eyes, None
        if eyes is not None:
            eyes.close()
            self._bus.close()
