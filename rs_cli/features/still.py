"""One exact picture of the customer's screen: what `rs screenshot` saves.

It asks for exact pixels only (no lossy codec), so the first whole update is the picture as it was at one moment. A link
that is lost meanwhile costs what had come; the next one begins again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from rs_relay.channels.screen.messages import ALL_MONITORS, SPEC, Down, Frame, Layout, Painted, Start, Up
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Pixels
from rs_relay.link.channel import Channel


@dataclass(frozen=True)
class Taken:
    """`pixels`: (height, width, 3) RGB, the part of the customer's desktop that `layout` names."""

    layout: Layout
    pixels: Pixels


class Still:
    spec = SPEC

    def __init__(self, monitor: int = ALL_MONITORS) -> None:
        self._monitor = monitor
        self._taken: asyncio.Future[Taken] | None = None

    async def run(self, channel: Channel[Up, Down]) -> None:
        await channel.send(Start(self._monitor))
        picture = Picture(codecs=())
        async for message in channel:
            match message:
                case Layout():
                    picture.reset(message)
                case Frame():
                    picture.apply(message)
                    if not message.more:
                        await channel.send(Painted(message.seq))
                    if picture.exact and picture.layout:
                        self._done(Taken(picture.layout, picture.pixels))
                        return
                case _:
                    pass  # the pointer is not in the picture

    async def taken(self) -> Taken:
        """The picture, when it is there."""
        return await asyncio.shield(self._answer())

    def _done(self, taken: Taken) -> None:
        answer = self._answer()
        if not answer.done():
            answer.set_result(taken)

    def _answer(self) -> asyncio.Future[Taken]:
        if self._taken is None:
            self._taken = asyncio.get_running_loop().create_future()
        return self._taken
