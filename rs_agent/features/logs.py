"""The system's log, told to a technician: read by the system's own program or from its file, as fast as the line takes
it and no faster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import cast

from rs_agent.feature import Context
from rs_agent.language import _
from rs_agent.system.base import Machine, machine
from rs_relay.channels.logs import ENTRIES, MAX_LINES, MAX_UNIT, READS, SPEC, Down, Entry, Failed, Lines, Over, Read, Up
from rs_relay.errors import PeerBroke, RsError
from rs_relay.link.channel import Channel
from rs_relay.text import printable

GATHER = 0.05  # seconds that an entry waits for others to go with


class Logs:
    spec = SPEC

    def __init__(self, context: Context, of: Machine | None = None) -> None:
        self._context = context
        self._machine = of or machine()
        self._told = False

    async def run(self, channel: Channel[Down, Up]) -> None:
        reads: dict[int, asyncio.Task[None]] = {}
        try:
            async for said in channel:
                if not isinstance(said, Read):
                    if task := reads.pop(said.id, None):
                        task.cancel()
                        await asyncio.wait([task])
                        await channel.send(Over(said.id, ""))
                    continue
                reads = {id: task for id, task in reads.items() if not task.done()}
                _check(said, reads)
                self._tell()
                reads[said.id] = asyncio.create_task(self._guarded(channel, said), name="logs")
        finally:
            for task in reads.values():
                task.cancel()
            await asyncio.gather(*reads.values(), return_exceptions=True)

    async def _guarded(self, channel: Channel[Down, Up], wanted: Read) -> None:
        try:
            log = await asyncio.to_thread(self._machine.log)
            entries = cast("AsyncGenerator[Entry, None]", log.read(wanted))
            async with aclosing(entries):
                await self._carry(channel, wanted.id, entries)
            await channel.send(Over(wanted.id, log.source))
        except RsError as error:
            await channel.send(Failed(wanted.id, error.code, error.message, error.hint))

    async def _carry(self, channel: Channel[Down, Up], id: int, entries: AsyncIterator[Entry]) -> None:
        """In messages of many entries, none of which waits long for the next."""
        found: asyncio.Queue[Entry | None] = asyncio.Queue(2 * ENTRIES)

        async def read() -> None:
            async for entry in entries:
                await found.put(entry)
            await found.put(None)

        reading = asyncio.create_task(read(), name="log")
        try:
            more = True
            while more:
                batch, more = await self._batch(found, reading)
                if batch:
                    await channel.send(Lines(id, tuple(batch)))
            await reading
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, RsError):
                await reading

    async def _batch(self, found: asyncio.Queue[Entry | None], reading: asyncio.Task[None]) -> tuple[list[Entry], bool]:
        """What there is, and whether there will be more."""
        first = asyncio.ensure_future(found.get())
        await asyncio.wait([first, reading], return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            first.cancel()
            return [], not reading.done()
        batch = [first.result()]
        while batch[-1] is not None and len(batch) < ENTRIES:
            if found.empty():
                await asyncio.sleep(GATHER)
                if found.empty():
                    break
            batch.append(found.get_nowait())
        return [entry for entry in batch if entry is not None], batch[-1] is not None

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._context.note("looked", "logs")
            said = _("{name} reads the log of this computer.")
            self._context.face.notice(said.format(name=printable(self._context.technician, 60)))


def _check(wanted: Read, reads: dict[int, asyncio.Task[None]]) -> None:
    wrong = wanted.id in reads or len(reads) >= READS
    wrong = wrong or not 0 <= wanted.lines <= MAX_LINES or not 0 <= wanted.priority <= 7
    wrong = wrong or len(wanted.unit) > MAX_UNIT or "\0" in wanted.unit or not 0 <= wanted.since < 1e11
    if wrong:
        raise PeerBroke("The other end asked for a log that there cannot be.")
