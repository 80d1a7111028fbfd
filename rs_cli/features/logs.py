"""The customer's log, read or followed. After a lost link it goes on where it was, and tells nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from rs_relay.channels.logs import MAX_LINES, SPEC, Down, Entry, Failed, Lines, Over, Read, Up
from rs_relay.errors import from_wire
from rs_relay.link.channel import Channel

AHEAD = 8  # messages heard and not yet taken


class Logs:
    """One reading: `entries` gives it, `source` says where it is from when it is over."""

    spec = SPEC

    def __init__(self, wanted: Read) -> None:
        self.source = ""
        self._wanted = wanted
        self._heard: asyncio.Queue[tuple[Entry, ...] | BaseException | None] = asyncio.Queue(AHEAD)
        self._last = 0.0  # when the last entry was written
        self._at_last: set[tuple[Any, ...]] = set()  # those of that moment
        self._number = 0

    async def run(self, channel: Channel[Up, Down]) -> None:
        self._number += 1
        wanted = msgspec.structs.replace(self._wanted, id=self._number)
        if self._last:  # the rest of it
            wanted = msgspec.structs.replace(wanted, since=self._last, lines=MAX_LINES)
        await channel.send(wanted)
        async for said in channel:
            if said.id != self._number:
                continue
            match said:
                case Lines(entries=entries):
                    await self._heard.put(self._fresh(entries))
                case Over(source=source):
                    self.source = source
                    await self._heard.put(None)
                case Failed():
                    await self._heard.put(from_wire(said.code, said.message, said.hint))

    async def entries(self) -> AsyncGenerator[Entry, None]:
        while (heard := await self._heard.get()) is not None:
            if isinstance(heard, BaseException):
                raise heard
            for entry in heard:
                yield entry

    def _fresh(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        fresh = []
        for entry in entries:
            key = msgspec.structs.astuple(entry)
            if self._number > 1 and entry.at and (entry.at < self._last or key in self._at_last):
                continue
            if entry.at > self._last:
                self._last = entry.at
                self._at_last.clear()
            if entry.at == self._last and entry.at:
                self._at_last.add(key)
            fresh.append(entry)
        return tuple(fresh)
