"""Where a recording is written, in the recorder's process: messages of the pipe in, a growing file out.

The law: while it is not allowed not a byte of a picture is put into the file. Messages are taken in all the same, for
else the picture would lose its thread. A disk that is too slow only makes the recording coarser in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rs_cli.recording import format, pipe
from rs_cli.recording.format import About, Kind
from rs_cli.recording.scribe import Scribe, opening
from rs_cli.recording.sink import Sink
from rs_relay.channels.screen.messages import Frame

TICK = 5000  # milliseconds: how much of a still picture is lost when the program is killed


class Desk:
    """Of one thread. Creates the file. Raises UsageError if it is there and is not to be replaced, LocalProblem; later
    PeerBroke for what is no part of a picture, and what went wrong with the file."""

    def __init__(self, begin: pipe.Begin, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = Path(begin.path)
        self._clock = clock
        self._began: float | None = None  # when the first picture was written
        self._last = 0  # milliseconds: when something was
        self._allowed = False
        self._scribe = Scribe()
        self._sink = Sink(self._path, begin.replace)
        self._sink.put(opening(About(time.time(), begin.title, "rs")))

    def state(self, finished: bool = False) -> pipe.State:
        return pipe.State(self._now() / 1000, self._sink.size, self._scribe.segments, finished)

    def take(self, message: pipe.ToRecorder) -> None:
        match message:
            case pipe.Allow(on):
                self._allowed = on
                self._write()
            case pipe.Begin() | pipe.Finish():
                raise ValueError("that is not for the desk")
            case _:
                self._scribe.heard(message)
                if not isinstance(message, Frame) or not message.more:
                    self._write()

    def look(self) -> None:
        """From time to time: something may wait to be written (a lossy tile that rests)."""
        self._write()
        if self._allowed and self._scribe.segments and self._now() - self._last >= TICK:
            self._put(format.pack(self._now(), Kind.TICK))

    def close(self, finished: bool) -> None:
        """The file is on the disk after this; one without a picture is gone. `finished`: it was ended properly."""
        if finished and self._scribe.segments and not self._sink.failed:
            # How long it was, and nothing of a picture: so much may be said, whatever is allowed now.
            self._sink.put(format.pack(self._now(), Kind.END))
        try:
            self._sink.close()
        finally:
            if not self._scribe.segments:
                self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._sink.failed:
            raise self._sink.failed
        if not self._allowed or self._sink.full:
            return
        begun = self._scribe.segments
        for record in self._scribe.write(self._now()):
            if self._began is None:
                self._began = self._clock()
            self._put(record, flush=self._scribe.segments != begun)
            begun = self._scribe.segments

    def _put(self, record: bytes, flush: bool = False) -> None:
        self._last = self._now()
        self._sink.put(record, flush)

    def _now(self) -> int:
        """Milliseconds since the first picture."""
        return 0 if self._began is None else round((self._clock() - self._began) * 1000)
