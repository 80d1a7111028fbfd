"""A real X server for one test: Xvfb on a number of its own, and the programs that run on it.

    with XDesktop((1280, 800), wm=True) as x:
        x.spawn("xterm", "-T", "shell")
        x.wait_for_window("shell")
        x.screenshot(tmp_path / "seen.png")

Everything that was started through it is in a session of its own and is gone after the `with`, in reverse order.
Nothing here is skipped where Xvfb is missing: the set-up installs it, so its absence is a failure and says so.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

PATIENCE = 30.0  # seconds: on two busy cores a program that needs 0.2 s may take ten times that, and then some
Rect = tuple[int, int, int, int]  # x, y, width, height
_numbers = itertools.count(os.getpid() * 997)


class NoX(RuntimeError):
    """The X server, or a program for it, is not installed or did not start."""


def need_x(*programs: str) -> None:
    """Fails clearly when Xvfb (or one of `programs`) is not here."""
    missing = [name for name in ("Xvfb", *programs) if shutil.which(name) is None]
    if missing:
        raise NoX(f"not installed: {', '.join(missing)} (the set-up command installs them: see .ci/run and the README)")


def until(what: Callable[[], Any], for_what: str, patience: float = PATIENCE) -> Any:
    """Waits for `what()` to be true and returns it; for things outside this process that send us no event."""
    end = time.monotonic() + patience
    while True:
        if found := what():
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience:g} s for {for_what}")
        time.sleep(0.02)


def free_number() -> int:
    """Of a display that nobody has or had: who looks for one that has died finds no other test's in its place. Servers
    that choose theirs take the lowest, and each process of tests begins at a place of its own."""
    while True:
        number = 100 + next(_numbers) % 20_000
        if not (os.path.exists(f"/tmp/.X{number}-lock") or os.path.exists(f"/tmp/.X11-unix/X{number}")):
            return number


class XDesktop:
    """An Xvfb and what runs on it. `monitors` splits the one big screen into several (x, y, width, height).
    `without`: extensions that this server shall not have."""

    def __init__(
        self,
        size: tuple[int, int] = (1280, 800),
        *,
        monitors: Sequence[Rect] = (),
        wm: bool = False,
        screens: int = 1,
        without: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.size, self.wm, self.screens, self.split = size, wm, screens, tuple(monitors)
        self.without = tuple(without)
        self.display = ""
        self._own_folder = folder is None
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def folder(self) -> Path:
        """Where the programs' logs are."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="rs-x-"))
        return self._folder

    @property
    def env(self) -> dict[str, str]:
        """The environment of a program on this desktop: this display, UTF-8, and no Wayland or session bus."""
        kept = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "XAUTHORITY", "SESSION_MANAGER")}
        return {**kept, "DISPLAY": self.display, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_AT_BRIDGE": "1"}

    def start(self) -> XDesktop:
        need_x()
        self.folder.mkdir(parents=True, exist_ok=True)
        atexit.register(self.stop)
        try:
            self._start_server()
            for n, (x, y, width, height) in enumerate(self.split):
                self.add_monitor(f"test-{n}", (x, y, width, height), real=n == 0)
            if self.wm:
                self.start_wm()
        except BaseException:
            self.stop()
            raise
        return self

    def _start_server(self) -> None:
        read, write = os.pipe()
        try:
            width, height = self.size
            argv = ["Xvfb", f":{free_number()}", "-displayfd", str(write), "-nolisten", "tcp", "-noreset", "-dpi", "96"]
            for n in range(self.screens):
                argv += ["-screen", str(n), f"{width}x{height}x24"]
            for extension in self.without:
                argv += ["-extension", extension]
            server = self._popen(argv, "Xvfb", dict(os.environ), pass_fds=(write,))
            os.close(write)
            write = -1
            self.display = ":" + _line(read, server, self.folder / "Xvfb.log")
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)

    def start_wm(self) -> None:
        need_x("openbox")
        self.spawn("openbox", "--sm-disable")
        until(lambda: "window id" in self.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").stdout, "openbox")

    def add_monitor(self, name: str, area: Rect, *, real: bool = False) -> None:
        """A monitor as RandR 1.5 tells it; `real` gives it the server's one output."""
        x, y, width, height = area
        geometry = f"{width}/{width}x{height}/{height}+{x}+{y}"
        self.run("xrandr", "--setmonitor", name, geometry, "screen" if real else "none", check=True)

    def spawn(self, *argv: str, name: str = "", env: Mapping[str, str] | None = None, **more: Any) -> Any:
        """Starts a program on this desktop; its output goes to `folder/name.log`. Killed with the desktop."""
        need_x(argv[0])
        return self._popen(list(argv), name or Path(argv[0]).name, {**self.env, **(env or {})}, **more)

    def run(self, *argv: str, input: str | None = None, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Runs a program on this desktop to its end."""
        need_x(argv[0])
        return subprocess.run(
            argv, input=input, env=self.env, check=check, capture_output=True, text=True, timeout=PATIENCE
        )

    def _popen(self, argv: list[str], name: str, env: dict[str, str], **more: Any) -> subprocess.Popen[bytes]:
        log = self.folder / f"{name}.log"
        with log.open("ab") as out:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, **more}
            started = subprocess.Popen(argv, env=env, start_new_session=True, **streams)
        self._started.append(started)
        return started

    def wait_for_window(self, title: str) -> int:
        """The id of the first visible window whose title holds `title` (a regular expression)."""

        def look() -> int:
            found = self.run("xdotool", "search", "--onlyvisible", "--name", title).stdout.split()
            return int(found[0]) if found else 0

        return int(until(look, f"a window called {title!r} on {self.display}; logs in {self.folder}"))

    def focus(self, window: int) -> None:
        """Gives `window` the keyboard, with or without a window manager, and waits until it has it."""
        if self.wm:
            self.run("xdotool", "windowactivate", "--sync", str(window), check=True)
        else:
            self.run("xdotool", "windowfocus", "--sync", str(window), check=True)

    def xterm(self, command: str, *, title: str = "typed-into", geometry: str = "80x24+0+0") -> int:
        """An xterm that runs `command` in a shell, in UTF-8 and with the keyboard; returns its window."""
        look = ("-u8", "-fa", "Monospace", "-fs", "10", "-T", title, "-geometry", geometry)
        self.spawn("xterm", *look, "-e", "sh", "-c", command, name=title)
        window = self.wait_for_window(title)
        self.focus(window)
        return window

    def popups(self) -> int:
        """How many windows on show place themselves, as menus do; a window manager may have some, too."""
        from Xlib import X
        from Xlib.display import Display
        from Xlib.error import BadWindow

        watching, found = Display(self.display), 0
        try:
            for window in watching.screen().root.query_tree().children:
                with contextlib.suppress(BadWindow):
                    seen = window.get_attributes()
                    found += bool(seen.override_redirect) and seen.map_state == X.IsViewable
        finally:
            watching.close()
        return found

    def have_keys_for(self, text: str) -> None:
        """Puts the letters that are not ASCII on free keys, as on the keyboard of someone who writes them. Else
        `xdotool type` changes the layout for each letter, which a program that is busy sees too late."""
        keys = [f"keycode any = U{ord(letter):04X}" for letter in text if not letter.isascii()]
        self.run("xmodmap", *(word for key in keys for word in ("-e", key)), check=True)

    def screenshot(self, path: Path) -> Path:
        """What the X server shows now, as a PNG."""
        import mss
        import mss.tools

        with mss.MSS(display=self.display) as camera:
            shot = camera.grab(camera.monitors[0])
            mss.tools.to_png(shot.rgb, shot.size, output=str(path))
        return path

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """The colour (r, g, b) at (x, y) now."""
        import mss

        with mss.MSS(display=self.display) as camera:
            shot = camera.grab({"left": x, "top": y, "width": 1, "height": 1})
            red, green, blue = shot.pixel(0, 0)
            return red, green, blue

    def stop(self) -> None:
        """Ends everything, the server last. May be called twice."""
        atexit.unregister(self.stop)
        while self._started:
            _end(self._started.pop())
        if self._own_folder and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> XDesktop:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _line(read: int, server: subprocess.Popen[bytes], log: Path) -> str:
    """The display number that Xvfb writes when it is ready."""
    got = b""
    end = time.monotonic() + PATIENCE
    while not got.endswith(b"\n"):
        ready, _, _ = select.select([read], [], [], max(0.0, end - time.monotonic()))
        piece = os.read(read, 64) if ready else b""
        if not piece:
            tail = log.read_text(errors="replace")[-800:] if log.exists() else ""
            raise NoX(f"Xvfb did not start (exit status {server.poll()}): {tail.strip()}")
        got += piece
    return got.decode().strip()


def _end(started: subprocess.Popen[bytes]) -> None:
    """Ends a process and the session it leads: asked first, then killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(started.pid, sign)
        except ProcessLookupError:
            break
        try:
            started.wait(3)
            if sign == signal.SIGTERM:
                continue  # the leader is gone; what it left behind is killed
        except subprocess.TimeoutExpired:
            pass
    started.wait(5)
    for stream in (started.stdin, started.stdout, started.stderr):
        _close(stream)


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None and not stream.closed:
        try:
            stream.close()
        except BrokenPipeError:
            pass
