"""The customer's desktop: Xvfb 1920×1080, openbox, two xterms, Chromium on a local page, a film when it is due."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.bench.screen import assets
from tests.support.xdesktop import XDesktop, until

SIZE = (1920, 1080)
TERMINAL_AT = (80, 80)


class Source:
    """`terminal`, `listing` and `page` are windows; `page` is 0 where Chromium is not installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._exit = contextlib.ExitStack()
        self.x = XDesktop(SIZE, wm=True, folder=folder / "logs")
        self.terminal = self.listing = self.page = 0
        self._film: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Source:
        assets.make(self._folder)
        self._exit.enter_context(self.x)
        try:
            self.x.spawn("xsetroot", "-solid", "#3a5a78")
            self._terminals()
            if shutil.which("chromium"):
                self._chromium()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._exit.close()

    @property
    def display(self) -> str:
        return self.x.display

    def do(self, *arguments: str | int) -> str:
        """One call of xdotool."""
        return self.x.run("xdotool", *map(str, arguments)).stdout.strip()

    def pointer(self) -> tuple[int, int]:
        told = dict(re.findall(r"(\w+)=(\d+)", self.do("getmouselocation", "--shell")))
        return int(told["X"]), int(told["Y"])

    def _terminals(self) -> None:
        look = ("-u8", "-fa", "DejaVu Sans Mono", "-xrm", "XTerm*cursorBlink:false")
        x, y = TERMINAL_AT
        home = {"HOME": str(self._folder), "PS1": "$ "}
        shell = ("-e", "bash", "--norc", "--noprofile")
        small = ("-T", "benchterm", "-fs", "11", "-geometry", f"100x32+{x}+{y}", "-bg", "black", "-fg", "#dddddd")
        self.x.spawn("xterm", *look, *small, *shell, name="term", env=home, cwd=self._folder)
        large = ("-T", "benchfull", "-fs", "12", "-geometry", "230x58+0+0", "-bg", "#fffff4", "-fg", "black")
        twice = f"cat {assets.LISTING} {assets.LISTING}; exec sleep 99999"
        self.x.spawn("xterm", *look, *large, "-e", "sh", "-c", twice, name="full", env=home, cwd=self._folder)
        self.terminal = self.x.wait_for_window("^benchterm$")
        self.listing = self.x.wait_for_window("^benchfull$")

    def _chromium(self) -> None:
        width, height = SIZE
        quiet = str.split(
            "--disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync "
            "--disable-default-apps --disable-extensions --password-store=basic --test-type --window-position=0,0"
        )
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root has no other way
        own = f"--user-data-dir={self._folder / 'chromium'}"
        page = (self._folder / assets.PAGE).as_uri()
        self.x.spawn(
            "chromium", *quiet, *sandbox, own, f"--window-size={width},{height}", page, env={"HOME": str(self._folder)}
        )
        self.page = self.x.wait_for_window(assets.TITLE)

        def covers() -> bool:
            self.do("windowmove", self.page, 0, 0, "windowsize", self.page, width, height)
            time.sleep(0.3)
            return f"Geometry: {width}x" in self.do("getwindowgeometry", self.page)

        until(covers, "Chromium to cover the desktop")
        time.sleep(2.0)  # it draws a moment longer than it says

    def play(self) -> None:
        """The film in a loop, without a frame around it."""
        place = ("-noborder", "-left", "320", "-top", "160")
        how = ("-v", "error", "-an", "-loop", "0", "-framedrop", "-threads", "1")
        software = {"SDL_RENDER_DRIVER": "software", "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy"}
        self._film = self.x.spawn("ffplay", *how, *place, str(self._folder / assets.FILM), env=software)
        time.sleep(1.0)

    def stop_film(self) -> None:
        if self._film:
            self._film.kill()
            self._film.wait(5)
            self._film = None
