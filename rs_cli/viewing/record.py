"""Record what the window shows: a switch in its menu. No second link: the messages that the window gets go into a file,
too. What is chosen with on runs for as long as the recording lasts, so the window's end closes the file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from rs_cli.features.record import Record
from rs_cli.recording.inlet import Inlet
from rs_cli.recording.recorder import Recorder
from rs_cli.terminal.spoken import clock
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_relay.errors import NotAllowed
from rs_relay.text import printable

WHOSE = "record"
ASKING = "Waiting for the customer to allow that you record…"
BY_CUSTOMER = "The customer has ended the recording."
SHOW = 1.0  # seconds


class RecordEntry:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._stop: asyncio.Event | None = None  # while it records, or the customer is asked
        self._recorder: Recorder | None = None

    def entries(self) -> Iterable[pipe.Entry]:
        return [pipe.Entry("record", "Record to a file", pipe.Kind.CHECK, on=self._stop is not None)]

    async def chosen(self, what: str, on: bool) -> None:
        if self._stop is not None:
            self._stop.set()
        elif on:
            self._stop = asyncio.Event()
            self._around.stand(WHOSE, ASKING)
            try:
                await _until(self._stop, self._record())
            finally:
                self._stop = None
                self._around.stand(WHOSE, "")

    async def _record(self) -> None:
        session, entry = self._around.session, self._around.session.entry
        consent = Record(self._allow)
        path = Path(time.strftime(f"recording-{entry.number}-%Y%m%d-%H%M%S.rsrec"))
        title = " · ".join(filter(None, (str(entry.number), printable(entry.customer, 60))))
        try:
            await session.use(consent)
            async with Recorder(path, title) as self._recorder:
                self._allow(consent.on)
                try:
                    await session.during(consent, self._keep(self._recorder))
                finally:
                    self._allow(False)
                    if self._recorder.segments:
                        self._around.say(f"Recorded to {path}: {clock(self._recorder.seconds)}.")
        except NotAllowed as error:
            if self._recorder is None:
                raise
            raise NotAllowed(BY_CUSTOMER) from error
        finally:
            self._recorder = None
            await session.drop(consent)

    def _allow(self, on: bool) -> None:
        if self._recorder is not None:
            self._recorder.allowed = on

    async def _keep(self, recorder: Recorder) -> None:
        """For ever. Raises what went wrong with the file."""
        inlet = Inlet(recorder.take, self._around.screen.refresh)
        stop_hearing = self._around.screen.tap(inlet.put)
        filling = asyncio.create_task(inlet.run(), name="recording")
        try:
            while not filling.done() and not recorder.ended.done():
                self._around.stand(WHOSE, f"[recording] {clock(recorder.seconds)}")
                await asyncio.wait((filling, recorder.ended), timeout=SHOW)
            for ended in (filling, recorder.ended):
                if ended.done():
                    ended.result()
        finally:
            stop_hearing()
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Carry out `work`, but end it properly when `stop` is set. Raises what went wrong, then too."""
    tasks = asyncio.create_task(work, name="record"), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        done, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(done, Exception):
        raise done
