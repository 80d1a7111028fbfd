"""Bulk work gives way to a person: whoever has typed lately waits for what a key does, and not for files.

A key passes four programs and comes back through them, and files keep the same programs busy: at each a key waits for
a processor. No priority helps: what is typed and a file are one process's work here, and what a system gives to each
session or service is theirs however little its programs ask for (Linux's autogroups and cgroups). So less is done at
once. This end is where all of a session's transfers meet, and none goes faster than it.

    nobody waits     a step is as large as it likes, and all transfers take theirs at once
    somebody typed   for LATELY: small steps, in turns, a PAUSE between two
    just now         for REST: none begins, and the processor is left to what shows the key's effect

Of the event loop's thread only; the clock is handed in, but sleeping is the loop's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import inf

REST = 0.025  # seconds: from a key to the picture of its effect takes 10 to 20 ms where nothing is in the way
LATELY = 2.0  # seconds
SMALL = 256 * 1024  # bytes of a step: one message of a file
PAUSE = 10.0  # times what a step takes, until the next
TOOK = 0.001, 0.005  # seconds that a step is taken to need: at first, and at most (a disk may wait for itself)
WEIGHT = 0.2  # of the latest step in what is taken for the next


class Courtesy:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._awaited = -inf  # when somebody last did something whose effect they wait for
        self._free = -inf  # when the next step may begin
        self._took = TOOK[0]

    def awaited(self) -> None:
        """Somebody waits to see what this does: a key, a button; not a pointer that only passes by."""
        self._awaited = self._clock()

    async def rest(self) -> None:
        """What works on and on calls this between two steps. Never longer than REST, however fast somebody types."""
        await self._sleep(self._awaited + REST)

    async def turn(self, most: int) -> int:
        """Wait until a step of a transfer may begin; the bytes that it may have, at most `most`."""
        if self._clock() - self._awaited >= LATELY:
            return most
        key = self._awaited
        begin = max(self._clock(), self._free, key + REST)
        self._free = begin + (1 + PAUSE) * self._took
        await self._sleep(begin)
        if self._awaited != key:  # another meanwhile; once, so that nobody types a file to a stop
            await asyncio.sleep(REST)
        return min(most, SMALL)

    def worked(self, seconds: float) -> None:
        """How long a step took."""
        self._took += WEIGHT * (min(seconds, TOOK[1]) - self._took)

    async def _sleep(self, until: float) -> None:
        if (wait := until - self._clock()) > 0:
            await asyncio.sleep(wait)
