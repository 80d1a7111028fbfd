"""A recording as it lies on the disk: looked through once, wholly, and then read from any segment on.

Looking through means each record's sum (a gigabyte a second or so): what comes after it may rely on every byte. The
file may have come from anybody, so nothing in it is believed further than its message's limits go.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rs_cli.recording import format
from rs_cli.recording.format import ENDINGS, HEAD, RECORD, VERSION, About, Kind, NotIntact, Record
from rs_relay.channels.screen.messages import Layout
from rs_relay.errors import LocalProblem, UsageError

BUFFER = 1024 * 1024


@dataclass(frozen=True)
class Segment:
    time: int  # milliseconds
    offset: int  # in the file
    layout: Layout


@dataclass(frozen=True)
class Recording:
    """What is whole of a file. There is at least one segment."""

    path: Path
    about: About
    segments: tuple[Segment, ...]
    duration: int  # milliseconds
    end: int  # where the whole part ends
    size: int  # of the file
    updates: int
    finished: bool  # it was ended properly

    @property
    def torn(self) -> int:
        """Bytes at the end that are no whole update."""
        return self.size - self.end

    @property
    def largest(self) -> tuple[int, int]:
        """Pixels that hold each of its pictures."""
        return max(s.layout.width for s in self.segments), max(s.layout.height for s in self.segments)

    def at(self, time: int) -> int:
        """The number of the segment in which that moment is."""
        return max(0, bisect_right(self.segments, time, key=lambda s: s.time) - 1)

    def records(self, segment: int) -> Iterator[Record]:
        """From the beginning of a segment to the end. Raises LocalProblem if the file was changed meanwhile."""
        try:
            with self.path.open("rb", BUFFER) as file:
                at = self.segments[segment].offset
                file.seek(at)
                while at < self.end:
                    start = file.read(RECORD.size)
                    rest = file.read(format.length(start))
                    at += len(start) + len(rest)
                    yield format.unpack(start, rest)
        except (OSError, NotIntact) as e:
            raise LocalProblem(f"{self.path} has changed since it was opened.", "Open it again.") from e


def open_recording(path: Path) -> Recording:
    """Raises UsageError for a file that is no recording (or one of a later rs), LocalProblem for one that cannot be
    read or holds no picture."""
    try:
        with path.open("rb", BUFFER) as file:
            return _look_through(path, file)
    except OSError as e:
        raise LocalProblem(f"{path} cannot be read: {e.strerror}.") from e


def _look_through(path: Path, file: BinaryIO) -> Recording:
    head = file.read(len(HEAD))
    found = format.version(head)
    if found is None and not HEAD.startswith(head):
        raise UsageError(f"{path} is not a recording.", "`rs record` makes them.")
    if found is not None and found > VERSION:
        raise UsageError(f"{path} was recorded by a later version of rs.", "Update rs.")
    scan = _Scan()
    for record, offset, after in _intact(file, len(head)):
        scan.take(record, offset, after)
    size = max(file.seek(0, 2), scan.end)
    if scan.about is None or not scan.whole:
        raise LocalProblem(f"{path} holds no picture.", "The recording ended before the first one was written.")
    return Recording(path, scan.about, tuple(scan.whole), scan.duration, scan.end, size, scan.updates, scan.finished)


class _Scan:
    """What is known of the file up to some record."""

    def __init__(self) -> None:
        self.about: About | None = None
        self.whole: list[Segment] = []
        self.duration = self.end = self.updates = 0
        self.finished = False
        self._begun: Segment | None = None  # its first update is not whole yet

    def take(self, record: Record, offset: int, after: int) -> None:
        match record.message:
            case About() if self.about is None:
                self.about = record.message
            case Layout():
                self._begun = Segment(record.time, offset, record.message)
            case _:
                pass
        if record.kind == Kind.FRAME and self._begun is not None:
            self.whole.append(self._begun)
            self._begun = None
        if record.kind in ENDINGS and self._begun is None:
            self.end = after
            self.duration = max(self.duration, record.time)
            self.updates += record.kind == Kind.FRAME
            self.finished = record.kind == Kind.END


def _intact(file: BinaryIO, at: int) -> Iterator[tuple[Record, int, int]]:
    """Each record that is whole, where it begins and where it ends. Of frames only the kind is looked at."""
    try:
        before = 0
        while start := file.read(RECORD.size):
            rest = file.read(format.length(start))
            time, kind = format.check(start, rest)
            if time < before:
                return
            before = time
            record = format.unpack(start, rest) if kind in (Kind.ABOUT, Kind.SEGMENT) else Record(time, kind)
            yield record, at, (at := at + len(start) + len(rest))
    except NotIntact:
        return
