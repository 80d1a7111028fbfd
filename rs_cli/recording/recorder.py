"""A recording under way: messages of the screen channel in, a growing file out.

    take ─▶ (thread) Scribe ─▶ Sink ─▶ (its thread) disk

The law: while `allowed` is False not a byte of a picture is put into the file; that is looked at before each update,
and again for each of its records. Messages are taken in all the same, for else the picture would lose its thread.

`take` returns when the message is in the picture, so who has a link of its own for this is slowed by it; who must not
be uses an `Inlet`. A disk that is too slow only makes the recording coarser in time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from rs_cli.recording import format
from rs_cli.recording.format import About, Kind
from rs_cli.recording.scribe import Scribe, opening
from rs_cli.recording.sink import Sink
from rs_relay.channels.screen.messages import Down, Frame
from rs_relay.errors import RsError

LOOK = 0.25  # seconds between two looks whether something waits to be written (a lossy tile that rests, a grant)
TICK = 5000  # milliseconds: how much of a still picture is lost when the program is killed


class Recorder:
    def __init__(
        self, path: Path, title: str, *, replace: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Creates the file. Raises UsageError if it is there and is not to be replaced, LocalProblem."""
        self.allowed = False
        self.path = path
        self._clock = clock
        self._began: float | None = None  # when the first picture was written
        self._last = 0  # when something was written
        self._scribe = Scribe()
        self._sink = Sink(path, replace)
        self._sink.put(opening(About(time.time(), title, "rs")))
        self._thread = ThreadPoolExecutor(1, "recording")
        self._ticking: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def seconds(self) -> float:
        """Since the first picture."""
        return 0.0 if self._began is None else self._clock() - self._began

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._sink.size

    @property
    def segments(self) -> int:
        return self._scribe.segments

    async def take(self, message: Down) -> None:
        """Raises PeerBroke for what is no part of a picture, and what went wrong with the file."""
        await self._in_thread(lambda: self._take(message))

    async def __aenter__(self) -> Recorder:
        self._ticking = asyncio.create_task(self._tick(), name="recording")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """The file is whole on the disk after this. Raises what went wrong with it."""
        if self._ticking:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
        try:
            await self._in_thread(self._close)
            if self._ticking and not self._ticking.cancelled():
                self._ticking.result()  # a defect of ours comes to light
        finally:
            self._thread.shutdown(wait=False)
            if not self.segments:
                self.path.unlink(missing_ok=True)

    async def _tick(self) -> None:
        """`ended` fails when the file does: a still picture would not notice."""
        try:
            while True:
                await asyncio.sleep(LOOK)
                await self._in_thread(self._look)
        except RsError as error:
            if not self.ended.done():
                self.ended.set_exception(error)
                self.ended.exception()  # told also by `take` and at the end: whoever waits for it may

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # in the thread

    def _take(self, message: Down) -> None:
        self._scribe.heard(message)
        if not isinstance(message, Frame) or not message.more:
            self._write()

    def _look(self) -> None:
        self._write()
        if self.allowed and self.segments and self._now() - self._last >= TICK:
            self._put(format.pack(self._now(), Kind.TICK))

    def _write(self) -> None:
        if self._sink.failed:
            raise self._sink.failed
        if not self.allowed or self._sink.full:
            return
        begun = self.segments
        for record in self._scribe.write(self._now()):
            if self._began is None:
                self._began = self._clock()
            if not self.allowed:
                self._scribe.again()
                return
            self._put(record, flush=self.segments != begun)
            begun = self.segments

    def _put(self, record: bytes, flush: bool = False) -> None:
        self._last = self._now()
        self._sink.put(record, flush)

    def _now(self) -> int:
        return round(self.seconds * 1000)

    def _close(self) -> None:
        if self.segments and not self._sink.failed:
            # How long it was, and nothing of a picture: so much may be said, whatever is allowed now.
            self._sink.put(format.pack(self._now(), Kind.END))
        self._sink.close()
