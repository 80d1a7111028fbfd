"""Pictures and a portal's leave without a desktop, for what is built on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from rs_relay.capture.base import Pixels
from rs_relay.capture.wayland.cast import Cast
from rs_relay.errors import LocalProblem
from rs_relay.pipewire.stream import News
from rs_relay.portal.session import Devices, Lasting, Offer, Pointer, Refused, Source


class FakeStream:
    def __init__(self, news: Callable[[News], None]) -> None:
        self.news, self.size = news, None
        self.picture: Pixels | None = None

    def show(self, picture: Pixels, regions: tuple[tuple[int, int, int, int], ...] | None = None) -> None:
        self.picture, self.size = picture, (picture.shape[1], picture.shape[0])
        self.news(News(True, regions))

    def copy(self, into: Pixels, at: tuple[int, int], parts: Sequence[tuple[int, int, int, int]]) -> bool:
        if self.picture is None:
            return False
        for x, y, width, height in parts:
            part = self.picture[y : y + height, x : x + width]
            if part.shape[:2] != (height, width):
                return False
            into[at[1] + y : at[1] + y + height, at[0] + x : at[0] + x + width] = part
        return True


class FakePictures:
    """`sizes`: of the screens, in pixels; each begins with a picture of its own shade, unless `late`."""

    def __init__(self, sizes: Sequence[tuple[int, int]], *, late: bool = False) -> None:
        self._sizes, self._late, self.closed = list(sizes), late, False
        self.streams: list[FakeStream] = []

    def __call__(self, fd: int) -> FakePictures:
        return self

    def stream(self, node: int, news: Callable[[News], None]) -> FakeStream:
        made = FakeStream(news)
        self.streams.append(made)
        if not self._late:
            width, height = self._sizes.pop(0)
            picture = np.full((height, width, 4), 10 * len(self.streams), np.uint8)
            # The real one begins in a thread of its own, when whoever asked for it has it.
            threading.Timer(0.02, made.show, (picture,)).start()
        return made

    def close(self) -> None:
        self.closed = True


class FakeSession:
    """A leave that a portal gave."""

    offer = Offer(5, 2, Pointer(7), Devices(3))
    pointer = Pointer.BESIDE

    def __init__(self, ended: Callable[[bool], None], person: Person) -> None:
        self.ended, self.person = ended, person
        self.devices, self.sources = Devices(0), ()
        self.token, self.asks, self.closed = "", False, False
        self.notified: list[tuple[object, ...]] = []
        self.fails = False

    def start(self, *, hands: bool, token: str = "", lasting: Lasting = Lasting.NO) -> None:
        self.person.asked.append((hands, token, lasting))
        if self.person.meanwhile is not None:
            self.asks = True
            self.person.meanwhile()
            self.asks = False
        if not self.person.yes:
            raise Refused("The person at this computer said no to their desktop's own question.")
        self.sources = self.person.sources
        self.devices = Devices(3) if hands and self.person.lets_type else Devices(0)
        self.token = self.person.token

    def pictures(self) -> int:
        return 0

    def notify(self, method: str, signature: str, *values: int | float) -> None:
        if self.fails:
            raise LocalProblem("This desktop's portal does not answer.")
        self.notified.append((method, *values))

    def close(self) -> None:
        self.closed = True


class Person:
    """What the person at the desktop does; the sessions that they gave."""

    def __init__(self) -> None:
        self.yes = self.lets_type = True
        self.token = ""
        self.asked: list[tuple[bool, str, Lasting]] = []
        self.sessions: list[FakeSession] = []
        self.sources = (Source(42, 0, 0, 64, 48, True),)
        self.pictures: list[FakePictures] = []
        self.meanwhile: Callable[[], None] | None = None

    def portal(self, ended: Callable[[bool], None]) -> FakeSession:
        self.sessions.append(FakeSession(ended, self))
        return self.sessions[-1]

    def cast(self, fd: int, sources: tuple[Source, ...]) -> Cast:
        self.pictures.append(FakePictures([(source.width, source.height) for source in sources]))
        return Cast(fd, sources, self.pictures[-1])
