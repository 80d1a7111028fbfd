"""Chat at the technician's end. The agent numbers and keeps the lines; here is what this process has seen of them.

A line that is said keeps its key until the agent has given it a number: after a lost link it is said again with the
same key, and the agent makes it one line. So `say` returns only when the line is in the conversation, exactly once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from rs_relay.channels.chat import MAX_TEXT, SPEC, Current, Down, Line, Say, Since, Up
from rs_relay.errors import TooLarge
from rs_relay.link.channel import Channel, ChannelClosed


class Chat:
    spec = SPEC

    def __init__(self, heard: Callable[[Line], None] = lambda line: None, since: int = 0) -> None:
        """`heard` is called once for each line after `since`, in order, own lines included."""
        self.lines: list[Line] = []
        self._heard = heard
        self._last = since
        self._pending: dict[str, tuple[Say, asyncio.Future[Line]]] = {}
        self._channel: Channel[Up, Down] | None = None
        self._caught_up = asyncio.Event()
        self._more = asyncio.Event()
        self._own: set[str] = set()

    async def run(self, channel: Channel[Up, Down]) -> None:
        await channel.send(Since(self._last))
        again: set[str] = set()
        while left := [say for key, (say, _) in self._pending.items() if key not in again]:
            await channel.send(left[0])
            again.add(left[0].key)
        self._channel = channel
        try:
            async for said in channel:
                match said:
                    case Line():
                        self._take(said)
                    case Current():
                        self._caught_up.set()
        finally:
            self._channel = None

    async def say(self, text: str) -> Line:
        """Returns the line as the conversation has it. Raises TooLarge."""
        if len(text) > MAX_TEXT:
            raise TooLarge(f"A chat line has at most {MAX_TEXT} characters.", "Send a longer text as a file.")
        say = Say(secrets.token_hex(8), text)
        numbered: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._pending[say.key] = (say, numbered)
        self._own.add(say.key)
        try:
            if self._channel is not None:
                with suppress(ChannelClosed):  # the next run says it again
                    await self._channel.send(say)
            return await numbered
        finally:
            self._pending.pop(say.key, None)

    async def history(self) -> list[Line]:
        """All lines that were said before this process looked."""
        await self._caught_up.wait()
        return list(self.lines)

    async def following(self, seen: int = 0) -> AsyncIterator[Line]:
        """The lines after the first `seen` of them, then each new one, for ever."""
        while True:
            more = self._more
            for line in self.lines[seen:]:
                seen += 1
                yield line
            if more is self._more:
                await more.wait()

    def said_here(self, line: Line) -> bool:
        """Whether this process said it."""
        return line.key in self._own

    def _take(self, line: Line) -> None:
        if line.number <= self._last:
            return  # a link that broke may have brought it already
        self._last = line.number
        self.lines.append(line)
        self._more, before = asyncio.Event(), self._more
        before.set()
        self._heard(line)
        _, numbered = self._pending.get(line.key, (None, None))
        if numbered and not numbered.done():
            numbered.set_result(line)
