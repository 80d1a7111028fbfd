"""Share at the customer's end: a window that shows the technician's screen, for as long as both want it.

    channel ─▶ window      pictures, as fast as the window takes them; it alone decodes them, in a process of its own
    window ─▶ channel      what was painted, and whether it is in sight

The law: no window without the grant. It is gone the moment the run ends, whatever ended it: the customer closed it or
withdrew the grant, the technician stopped, the link broke, the session is over. There is one window: a further share
takes the place of the one before, which may be what is left of a link whose end has not been noticed yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rs_agent.bucket import Bucket
from rs_agent.feature import Context, PictureWindow
from rs_agent.language import _
from rs_relay.channels.screen.messages import Start
from rs_relay.channels.screen.share import SPEC, Closed, Down, Up
from rs_relay.errors import LocalProblem, NotAllowed
from rs_relay.link.channel import Channel

# A customer who closed the window may not have it spring up again and again.
BURST, PER_SECOND = 3, 0.1


class ShareFeature:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._pace = Bucket(BURST, PER_SECOND, clock)
        self._over = asyncio.Event()  # of the latest run: set when another takes its place

    async def run(self, channel: Channel[Down, Up]) -> None:
        self._over.set()
        over = self._over = asyncio.Event()
        await asyncio.sleep(self._pace.take())
        window = await self._open()
        who = self._context.technician
        self._context.face.notice(
            _("{who} shows you their screen in a window. Close it when you like.").format(who=who)
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            await channel.send(Start(codecs=window.codecs))
            for work in (_bring(channel, window), _answer(window, channel), _wait(over)):
                tasks.append(asyncio.create_task(work, name="share"))
            done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await window.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._context.face.notice(_("{who} no longer shows you their screen.").format(who=who))

    async def _open(self) -> PictureWindow:
        try:
            return await self._context.face.picture(self._context.technician)
        except LocalProblem:
            told = _("{who} wanted to show you their screen, but no window can be opened here.")
            self._context.face.notice(told.format(who=self._context.technician))
            raise


async def _bring(channel: Channel[Down, Up], window: PictureWindow) -> None:
    """Until the technician stops."""
    async for message in channel:
        await window.show(message)


async def _answer(window: PictureWindow, channel: Channel[Down, Up]) -> None:
    """Until the customer closes the window."""
    while (said := await window.said()) is not None:
        await channel.send(said)
    await channel.send(Closed())


async def _wait(over: asyncio.Event) -> None:
    await over.wait()
    raise NotAllowed("Another screen is shown to the customer now.", "There is one window; show yours again later.")
