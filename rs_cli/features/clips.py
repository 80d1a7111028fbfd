"""Clipboards besides text at the technician's end: what the customer's holds, fetched when asked; what to put there.

Nothing is asked twice at once, and a question that a lost link cut off is put again on the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from rs_relay.channels.clips import (
    PIECE,
    SPEC,
    Done,
    Down,
    Failed,
    Fetch,
    Format,
    Item,
    Look,
    Offered,
    Paths,
    Piece,
    Put,
    PutFiles,
    Up,
    Watch,
    Which,
)
from rs_relay.clipboard import contents
from rs_relay.clipboard.contents import LIMITS
from rs_relay.errors import PeerBroke, TooLarge, from_wire
from rs_relay.link.channel import Channel, ChannelClosed

T = TypeVar("T")


class Clips:
    spec = SPEC

    def __init__(self, heard: Callable[[Offered], None] = lambda offered: None) -> None:
        """`heard`: of each change at the customer's while `watch` is on."""
        self._heard = heard
        self._watching = False
        self._channel: Channel[Up, Down] | None = None
        self._linked = asyncio.Event()
        self._answers: asyncio.Queue[Down | None] = asyncio.Queue()  # None: the link broke
        self._one = asyncio.Lock()

    async def run(self, channel: Channel[Up, Down]) -> None:
        if self._watching:
            await channel.send(Watch(True))
        self._answers = asyncio.Queue()
        self._channel = channel
        self._linked.set()
        try:
            async for said in channel:
                if isinstance(said, Offered) and not said.asked:
                    self._heard(said)
                else:
                    self._answers.put_nowait(said)
        finally:
            self._channel = None
            self._linked.clear()
            self._answers.put_nowait(None)

    async def watch(self, on: bool) -> None:
        self._watching = on
        if self._channel is not None:
            try:
                await self._channel.send(Watch(on))
            except ChannelClosed:
                return  # `run` says it on the next link

    async def look(self) -> Offered:
        """What is on the customer's clipboard now. Raises LocalProblem (of the customer's computer), NotAllowed."""
        return await self._ask(lambda channel: channel.send(Look()), self._one_of(Offered))

    async def fetch(self, offered: Offered, wanted: Format) -> bytes:
        """Contents that were announced. Raises NoSuchSession when something else has been copied since, TooLarge."""
        size = next((item.size for item in offered.items if item.format is wanted), 0)
        if size > LIMITS[contents.Format(wanted)]:
            raise TooLarge(f"That has {size} bytes, too many for a clipboard.", "Ask for a file: `rs get-file`.")

        async def take() -> bytes:
            data = bytearray()
            while True:
                piece = await self._one_of(Piece)()
                data += piece.data
                if len(data) > size:
                    raise PeerBroke("The customer's computer sent more than it had announced.")
                if piece.last:
                    return bytes(data)

        return await self._ask(lambda channel: channel.send(Fetch(offered.number, wanted)), take)

    async def paths(self, offered: Offered) -> tuple[str, ...]:
        """Where the copied files lie at the customer's. Needs `files` besides."""
        found = await self._ask(lambda channel: channel.send(Which(offered.number)), self._one_of(Paths))
        return found.paths

    async def put(self, all_: Mapping[Format, bytes]) -> None:
        """All of these at once, as one thing that was copied."""

        async def say(channel: Channel[Up, Down]) -> None:
            await channel.send(Put(tuple(Item(kind, len(data)) for kind, data in all_.items())))
            for data in all_.values():
                for at in range(0, max(len(data), 1), PIECE):
                    await channel.send(Piece(data[at : at + PIECE], at + PIECE >= len(data)))

        await self._ask(say, self._one_of(Done))

    async def put_files(self, names: tuple[str, ...]) -> None:
        """Files that this session has sent, by the names they were saved under, as if somebody had copied them."""
        await self._ask(lambda channel: channel.send(PutFiles(names)), self._one_of(Done))

    async def _ask(self, say: Callable[[Channel[Up, Down]], Awaitable[None]], answer: Callable[[], Awaitable[T]]) -> T:
        async with self._one:
            while True:
                await self._linked.wait()
                channel = self._channel
                if channel is None:
                    continue
                try:
                    await say(channel)
                    return await answer()
                except (ChannelClosed, _Broken):
                    await asyncio.sleep(0)  # a session that is over ends whoever waits here; else there is a next link

    def _one_of(self, kind: type[T]) -> Callable[[], Awaitable[T]]:
        async def take() -> T:
            said = await self._answers.get()
            if said is None:
                raise _Broken
            if isinstance(said, Failed):
                raise from_wire(said.code, said.message, _hint(said.code))
            if not isinstance(said, kind):
                raise PeerBroke("The customer's computer answered something else than was asked.")
            return said

        return take


def beside_text(offered: Offered) -> Item | None:
    """What was copied, where it is no text: files with their bytes together, or a picture."""
    items = {item.format: item for item in offered.items}
    if Format.FILES in items and offered.files + offered.folders:
        return Item(Format.FILES, offered.files_size)
    return None if Format.TEXT in items else items.get(Format.IMAGE)


class _Broken(Exception):
    """The link went before the answer came."""


def _hint(code: str) -> str | None:
    """NotFound is of sessions elsewhere; here it is of what was copied."""
    return "Look again: `rs clipboard get SESSION --formats`." if code == "not-found" else None
