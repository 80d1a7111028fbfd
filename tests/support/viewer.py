"""A real window on a real X server, driven as the process that started it does: messages in, messages out."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rs_cli.viewer import pipe
from rs_relay.channels.screen.messages import Painted
from rs_relay.channels.screen.tiles import Pixels
from rs_relay.glass import framing
from tests.support.pictures import Painter
from tests.support.xdesktop import PATIENCE, XDesktop, until

ROOT = Path(__file__).parents[2]
ALLOWED = pipe.Status(connected=True, controlling=True, text="Connected.", granted="view, control")


class RealWindow:
    """A window's process, `program`, and what it says, which `decode` reads."""

    program = ""
    decode: Callable[[bytes], Any]
    most = 64 * 1024  # bytes of a message that it says

    def __init__(self, desktop: XDesktop, **env: str) -> None:
        self.desktop = desktop
        self.process: subprocess.Popen[bytes] = desktop.spawn(
            *(sys.executable, "-P", "-m", self.program),
            name=self.program.rpartition(".")[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", **env},
        )
        self.said: list[Any] = []
        self._read = b""
        self.window = 0

    def send(self, *messages: Any) -> None:
        self.send_raw(b"".join(framing.pack(message) for message in messages))

    def send_raw(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def next(self) -> Any:
        """The next message, None at the end."""
        header = self._take(framing.HEADER.size)
        if not header:
            return None
        message = type(self).decode(self._take(framing.length(header, self.most)))
        self.said.append(message)
        return message

    def wait_for(self, what: Callable[[Any], bool]) -> Any:
        """The next message for which `what` holds."""
        while True:
            message = self.next()
            assert message is not None, f"the viewer ended; it said {self.said}"
            if what(message):
                return message

    def show(self, painter: Painter, picture: Pixels) -> None:
        """One update, until it is painted."""
        frames = painter.frames(picture)
        self.send(*frames)
        self.wait_for(lambda said: said == Painted(frames[-1].seq))

    def photograph(self) -> Pixels:
        """The whole X screen, RGB."""
        import mss

        with mss.MSS(display=self.desktop.display) as camera:
            shot = camera.grab(camera.monitors[0])
            return np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)

    def find(self, picture: Pixels) -> tuple[int, int]:
        """Where on the X screen the picture's first rows stand, exactly; waits for it."""
        probe = picture[: min(8, len(picture))]

        def look() -> tuple[int, int] | None:
            return _locate(self.photograph(), probe)

        found: tuple[int, int] = until(look, "the picture on the screen")
        return found

    def has_said(self, seconds: float) -> bool:
        """Whether `next` has something within that time."""
        assert self.process.stdout
        return bool(self._read) or bool(select.select([self.process.stdout], [], [], seconds)[0])

    def end(self) -> int:
        """Its stdin ends; its exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def _take(self, size: int) -> bytes:
        assert self.process.stdout
        fd = self.process.stdout.fileno()
        end = time.monotonic() + PATIENCE
        while len(self._read) < size:
            ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"the viewer says nothing; it said {self.said}")
            piece = os.read(fd, 65536)
            if not piece:
                return b""
            self._read += piece
        taken, self._read = self._read[:size], self._read[size:]
        return taken


class RealViewer(RealWindow):
    program = "rs_cli.viewer"
    decode = staticmethod(pipe.from_viewer)
    most = pipe.FROM_VIEWER

    def hands(self, until_message: Any) -> list[Any]:
        """What the hands did up to and with that message."""
        done: list[Any] = []
        while not done or done[-1] != until_message:
            message = self.next()
            assert message is not None, f"the viewer ended; it said {self.said}"
            if isinstance(message, pipe.Hands):
                done.append(message.said)
        return done

    def begin(self, painter: Painter, picture: Pixels, *, exact: bool = False, title: str = "the viewer") -> None:
        """A first picture in a window that has the keyboard."""
        self.send(pipe.Title(title, exact), ALLOWED, painter.layout)
        self.show(painter, picture)
        self.window = self.desktop.wait_for_window(title)
        self.desktop.focus(self.window)


def _locate(screen: Pixels, probe: Pixels) -> tuple[int, int] | None:
    height, width = probe.shape[:2]
    corners = (screen == probe[0, 0]).all(2) & (np.roll(screen, -1, 1) == probe[0, 1]).all(2)
    for y, x in zip(*np.nonzero(corners), strict=True):
        here = screen[y : y + height, x : x + width]
        if here.shape == probe.shape and (here == probe).all():
            return int(x), int(y)
    return None


@contextmanager
def real_viewer(
    size: tuple[int, int] = (1200, 850), *, wm: bool = True, without: Sequence[str] = ()
) -> Iterator[RealViewer]:
    """A viewer whose window is there."""
    with XDesktop(size, wm=wm, without=without) as desktop:
        viewer = RealViewer(desktop)
        ready = viewer.next()
        assert isinstance(ready, pipe.Ready), ready
        yield viewer
