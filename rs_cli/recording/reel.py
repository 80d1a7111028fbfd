"""A recording that is wound to and fro: which messages bring whoever looks at one moment to another.

Forward within a segment it is what lies between; to anywhere else, the segment of that moment from its beginning, which
starts with its Layout. Both ways end in the same pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

from rs_cli.recording.format import About
from rs_cli.recording.reader import Recording
from rs_relay.channels.screen.messages import Down


class Reel:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.time = -1  # milliseconds: all up to it has been given
        self._segment = -1
        self._records: Iterator[tuple[int, Down]] = iter(())
        self._ahead: tuple[int, Down] | None = None  # read, but later than `time`

    def wind(self, time: int) -> Iterator[Down]:
        """The messages that lead to that moment; all must be taken. Raises LocalProblem if the file was changed."""
        time = max(0, min(time, self.recording.duration))
        segment = self.recording.at(time)
        if segment != self._segment or time < self.time:
            self._segment = segment
            self._records = _said(self.recording, segment)
            self._ahead = next(self._records, None)
        self.time = time
        while self._ahead is not None and self._ahead[0] <= time:
            message = self._ahead[1]
            self._ahead = next(self._records, None)
            yield message

    def next_time(self) -> int | None:
        """When something happens after this moment; None when nothing does."""
        return self._ahead[0] if self._ahead else None


def _said(recording: Recording, segment: int) -> Iterator[tuple[int, Down]]:
    """What a segment and those after it say, with the milliseconds."""
    for record in recording.records(segment):
        if record.message is not None and not isinstance(record.message, About):
            yield record.time, record.message
