"""`rs record SESSION [FILE]`: what the customer's screen shows, into a file, for as long as they agree and you want.

    agent ⇢ record channel ─▶ Record ─▶ (allowed) ─┐
    agent ⇢ screen channel ─▶ Screen ─────────────▶ Recorder ─▶ FILE

When either channel ends (withdrawn, refused, the session's end) nothing more is written, and the file stays.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.commands.screenshot import Monitor
from rs_cli.doing.reach import reach
from rs_cli.features.record import Record
from rs_cli.features.screen import Screen
from rs_cli.recording.recorder import Recorder
from rs_cli.recording.sink import there_already
from rs_cli.session.technician import Technician
from rs_cli.terminal import output
from rs_cli.terminal.spoken import clock
from rs_cli.tui.widgets.size import in_bytes
from rs_relay.channels.screen.codecs import FILMS, REGIONS
from rs_relay.channels.screen.messages import Down, Frame, Painted, Tune
from rs_relay.errors import NotAllowed, RsError
from rs_relay.text import printable

app = typer.Typer()
SHOW = 0.5  # seconds between two states of the status line
# Not the shades with which a slow line begins: who plays a recording does not wait for the first picture.
CODECS = (*REGIONS, *FILMS)


@app.command()
def record(
    session: Number,
    file: Annotated[str, typer.Argument(help="Where to; without it: a name with the time.")] = "",
    monitor: Monitor = 0,
    rate: Annotated[int, typer.Option("--rate", metavar="N", min=1, max=60, help="At most N pictures a second.")] = 15,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="N", min=0, help="End after that time; 0: at Ctrl-C.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", "--overwrite", help="Replace FILE if it is there.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Record the customer's screen until Ctrl-C. They are asked first, and read that they are recorded.

    Pictures and the pointer are recorded; chat, clipboard, keys and files are not. `rs play FILE` shows it again."""
    path = Path(file or time.strftime(f"recording-{session}-%Y%m%d-%H%M%S.rsrec"))
    if path.exists() and not force:
        raise there_already(path)
    recording = _Recording(path, monitor - 1, rate, seconds)
    try:
        asyncio.run(recording.run(session, timeout, force))
    except RsError:
        if recording.made and recording.made.segments:
            output.note(f"{path} holds what was recorded until then: {_state(recording.made)}.")
        raise
    made = recording.made
    if made is None or not made.segments:
        raise NotAllowed("Nothing was recorded: there was no picture yet.", "")
    if as_json:
        output.data({"file": str(path), "seconds": round(made.seconds, 1), "bytes": made.size})
    else:
        output.answer(str(path))


class _Recording:
    def __init__(self, path: Path, monitor: int, rate: int, seconds: float) -> None:
        self.made: Recorder | None = None
        self._path, self._seconds = path, seconds
        self._consent = Record(self._allow)
        self._screen = Screen(self._show, monitor=monitor, codecs=CODECS, tune=Tune(rate=rate))
        self._stop = asyncio.Event()

    async def run(self, number: int, timeout: float, replace: bool) -> None:
        async with reach(number, timeout) as session:
            await session.use(self._consent)
            title = " · ".join(filter(None, (str(number), printable(session.entry.customer, 60))))
            async with Recorder(self._path, title, replace=replace) as self.made:
                self.made.allowed = self._consent.on
                with _until_interrupted(self._stop):
                    await self._record(session, self.made)

    async def _record(self, session: Technician, recorder: Recorder) -> None:
        try:
            await session.during(self._consent, session.during(self._screen, self._wait(recorder)))
        except NotAllowed as error:
            if recorder.segments:
                raise NotAllowed("The customer has ended the recording.", "") from error
            raise
        finally:
            recorder.allowed = False
            _line("")

    async def _wait(self, recorder: Recorder) -> None:
        """Until somebody wants it to end; tells how it goes meanwhile."""
        output.progress(f"Recording to {self._path}; Ctrl-C ends it.")
        while not self._stop.is_set() and not (self._seconds and recorder.seconds >= self._seconds):
            if recorder.ended.done():
                recorder.ended.result()
            _line(f"● {'recording' if recorder.allowed else 'waiting'}  {_state(recorder)}")
            try:
                async with asyncio.timeout(SHOW):
                    await self._stop.wait()
            except TimeoutError:
                pass

    async def _show(self, message: Down) -> None:
        if self.made is not None:
            await self.made.take(message)
        if isinstance(message, Frame) and not message.more:
            await self._screen.painted(Painted(message.seq))

    def _allow(self, on: bool) -> None:
        if self.made is not None:
            self.made.allowed = on


@contextmanager
def _until_interrupted(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, and whoever asks the program to end, end the recording properly."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for each in signals:
            loop.add_signal_handler(each, stop.set)
    except NotImplementedError:  # Windows: Ctrl-C cancels us, and the file is closed all the same
        yield
        return
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


def _state(recorder: Recorder) -> str:
    return f"{clock(recorder.seconds)}  {in_bytes(recorder.size)}"


def _line(text: str) -> None:
    """On a terminal, in the place of what was shown before."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
