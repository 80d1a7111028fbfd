"""The clipboard at the technician's end: read the customer's, set it, or keep the two alike while that is switched on.

The law of keeping alike: only a change travels, never what was there before; what came from the other side is not
reported back to it; nothing over SYNC_LIMIT goes unasked, and then the person is told instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rs_relay.channels.clipboard import (
    MAX_TEXT,
    SPEC,
    SYNC_LIMIT,
    Done,
    Down,
    Failed,
    Get,
    Put,
    Skipped,
    Text,
    Up,
    Watch,
)
from rs_relay.errors import LocalProblem, RsError, TooLarge, from_wire
from rs_relay.link.channel import Channel, ChannelClosed

POLL = 0.7  # seconds between looks at the local clipboard: each look starts a small program on Linux (30 ms)


class LocalClipboard(Protocol):
    """This computer's clipboard. Both calls may block and may raise LocalProblem."""

    def get(self) -> str: ...

    def set(self, text: str) -> None: ...


@dataclass(frozen=True)
class Moved:
    """A text went across by itself. Faces show direction and size, never the text."""

    from_customer: bool
    size: int  # bytes of UTF-8
    taken: bool  # False: over the limit, so it stayed where it was


class Clipboard:
    spec = SPEC

    def __init__(
        self, local: LocalClipboard | None = None, moved: Callable[[Moved], None] = lambda moved: None
    ) -> None:
        self.watching = False
        self._local = local
        self._moved = moved
        self._channel: Channel[Up, Down] | None = None
        self._asked: deque[tuple[Get | Put, asyncio.Future[str]]] = deque()  # answered in this order
        self._last: str | None = None  # what both sides are known to have
        self._poll: asyncio.Task[None] | None = None

    async def run(self, channel: Channel[Up, Down]) -> None:
        self._asked = deque(entry for entry in self._asked if not entry[1].done())
        if self.watching:
            await channel.send(Watch(True))
        sent = 0
        while sent < len(self._asked):  # more may be asked for while these are sent
            await channel.send(self._asked[sent][0])
            sent += 1
        self._channel = channel
        try:
            async for said in channel:
                await self._take(said)
        finally:
            self._channel = None

    async def get(self) -> str:
        """The customer's clipboard now. Raises TooLarge, LocalProblem (of the customer's computer)."""
        return await self._request(Get())

    async def put(self, text: str) -> None:
        """Set the customer's clipboard. Raises TooLarge before anything is sent."""
        size = len(text.encode(errors="replace"))
        if size > MAX_TEXT:
            raise TooLarge(
                f"The text has {size} bytes; a clipboard takes {MAX_TEXT}.", "Send it as a file: `rs send-file`."
            )
        self._last = text
        await self._request(Put(text))

    def known(self, text: str) -> None:
        """Both sides have this text, or get it in another way: it is no change."""
        self._last = text

    async def watch(self, on: bool) -> None:
        """Keep both clipboards alike from now on, or stop. Without a local clipboard: LocalProblem."""
        if on and self._local is None:
            raise no_clipboard()
        if on == self.watching:
            return
        self.watching = on
        await self._say(Watch(on))
        if on:
            self._last = await self._look()
            self._poll = asyncio.create_task(self._follow_local(), name="clipboard")
        else:
            await self._stop_polling()

    async def close(self) -> None:
        self.watching = False
        await self._stop_polling()

    async def _request(self, message: Get | Put) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.append((message, answer))
        await self._say(message)
        return await answer

    async def _say(self, message: Up) -> None:
        if self._channel is None:
            return  # `run` says it on the next link
        try:
            await self._channel.send(message)
        except ChannelClosed:
            return  # so does the next run; a session that has ended tells whoever waits

    async def _take(self, said: Down) -> None:
        match said:
            case Text(text, asked=True):
                self._answer(text)
            case Text(text):
                await self._from_customer(text)
            case Done():
                self._answer("")
            case Skipped(size, asked=True):
                self._answer(
                    TooLarge(
                        f"The customer's clipboard holds {size} bytes, which is too much to fetch.",
                        "Ask them to save it to a file: `rs get-file`.",
                    )
                )
            case Skipped(size):
                self._moved(Moved(True, size, taken=False))
            case Failed(code, message) if self._asked:
                self._answer(from_wire(code, message))
            case Failed(code, message):  # of the watching: nobody hears of changes there
                raise from_wire(code, message)

    def _answer(self, result: str | RsError) -> None:
        if not self._asked:
            return
        _, answer = self._asked.popleft()
        if answer.done():
            return  # whoever asked has gone
        if isinstance(result, RsError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    async def _from_customer(self, text: str) -> None:
        if not self.watching or self._local is None:
            return
        self._last = text
        await asyncio.to_thread(self._local.set, text)
        self._moved(Moved(True, len(text.encode()), taken=True))

    async def _follow_local(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            text = await self._look()
            if text is None or not text or text == self._last:
                continue
            self._last = text
            size = len(text.encode(errors="replace"))
            self._moved(Moved(False, size, taken=size <= SYNC_LIMIT and await self._offer(text)))

    async def _offer(self, text: str) -> bool:
        try:
            await self._request(Put(text))
        except RsError:
            return False
        return True

    async def _look(self) -> str | None:
        if self._local is None:
            return None
        try:
            return await asyncio.to_thread(self._local.get)
        except LocalProblem:
            return None  # an empty or foreign clipboard for now; the next look may do better

    async def _stop_polling(self) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.cancel()
            await asyncio.wait([poll])


class SystemClipboard:
    """This computer's clipboard, over pyperclip's pair of functions, which raise nearly anything."""

    def __init__(self, copy: Callable[[str], None], paste: Callable[[], str]) -> None:
        self._copy, self._paste = copy, paste

    def get(self) -> str:
        try:
            return self._paste()
        except (RuntimeError, OSError, ValueError) as e:
            raise LocalProblem("This computer's clipboard cannot be read.") from e

    def set(self, text: str) -> None:
        try:
            self._copy(text)
        except (RuntimeError, OSError, ValueError) as e:
            raise LocalProblem("This computer's clipboard cannot be set.") from e


def no_clipboard() -> LocalProblem:
    hint = "It needs a desktop, and on Linux xclip or wl-clipboard."
    return LocalProblem("This computer has no clipboard that rs can use.", hint)


def system_clipboard() -> SystemClipboard | None:
    """None where there is none: no display, or no program that reaches it."""
    try:
        import pyperclip  # looks for programs when it is asked: not in the path of a verb that needs none
    except ImportError:
        return None
    copy, paste = pyperclip.determine_clipboard()
    return SystemClipboard(copy, paste) if copy and paste else None
