"""The clipboard at the customer's end: what they copy while a technician watches, what the technician puts there.

The law: nothing that was on the clipboard before goes out unasked, nothing that the technician put there comes back
as news, and both directions have a speed limit.
"""

from __future__ import annotations

import asyncio

from rs_agent.bucket import Bucket
from rs_agent.copying import Copying
from rs_agent.desktop.base import ClipboardTooLarge
from rs_agent.feature import Context
from rs_agent.language import _
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
from rs_relay.errors import LocalProblem, NotAllowed
from rs_relay.link.channel import Channel, ChannelClosed

BURST, PER_SECOND = 5, 5.0  # SECURITY-DESIGN 4.5


class ClipboardFeature:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._copying = Copying(context.desktop)
        self._put: str | None = None  # what the technician put there last, until somebody else copies

    async def run(self, channel: Channel[Down, Up]) -> None:
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        watcher: asyncio.Task[None] | None = None
        try:
            async for message in channel:
                if wait := pace.take():
                    await asyncio.sleep(wait)
                match message:
                    case Watch(on=True) if watcher is None or watcher.done():
                        watcher = asyncio.create_task(self._report(channel), name="clipboard")
                    case Watch(on=False) if watcher is not None:
                        await _end(watcher)
                        watcher = None
                    case Watch():
                        pass
                    case Get() | Put():
                        await channel.send(await self._answer(message))
        finally:
            if watcher is not None:
                await _end(watcher)

    def close(self) -> None:
        self._copying.close()

    async def _answer(self, message: Get | Put) -> Down:
        try:
            if isinstance(message, Put):
                return await self._set(message.text)
            return await self._read(asked=True, limit=MAX_TEXT)
        except (LocalProblem, NotAllowed) as e:
            return Failed(e.code, e.message)

    async def _read(self, asked: bool, limit: int) -> Text | Skipped:
        try:
            text = await self._copying.call(lambda clipboard: clipboard.get(limit))
        except ClipboardTooLarge as e:
            return Skipped(e.size, asked)
        return Text(text.encode(errors="replace").decode(), asked)  # a lone surrogate is nothing that can be sent

    async def _set(self, text: str) -> Down:
        if len(text.encode()) > MAX_TEXT:
            return Failed("too-large", "The text is too large for the clipboard; send it as a file.")
        self._put = text
        await self._copying.call(lambda clipboard: clipboard.set(text))
        self._context.face.notice(_("The technician has put a text on your clipboard."))
        return Done()

    async def _report(self, channel: Channel[Down, Up]) -> None:
        """Tells each change from now on, or only the last of several that came faster than the limit."""
        try:
            await self._copying.listen(lambda: self._tell(channel), 1 / PER_SECOND)
        except LocalProblem as e:
            await channel.send(Failed(e.code, e.message))
        except ChannelClosed:
            pass  # run's own loop hears it too, and ends

    async def _tell(self, channel: Channel[Down, Up]) -> None:
        try:
            news = await self._read(asked=False, limit=SYNC_LIMIT)
        except NotAllowed:
            return  # paused: what is copied meanwhile stays here
        if isinstance(news, Skipped) or news.text not in ("", self._put):
            self._put = None
            await channel.send(news)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
