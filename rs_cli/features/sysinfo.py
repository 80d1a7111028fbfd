"""What the customer's computer is and runs, asked for. A question that a lost link took away is asked again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from rs_relay.channels.sysinfo import (
    SPEC,
    Attention,
    Check,
    Down,
    Failed,
    ListServices,
    Look,
    Process,
    Processes,
    Ps,
    Service,
    Services,
    System,
    Up,
)
from rs_relay.errors import PeerBroke, RsError, from_wire
from rs_relay.link.channel import Channel, ChannelClosed

MOST = 200_000  # items of one answer: more processes than a computer has


@dataclass
class _Question:
    said: Up
    answer: asyncio.Future[Any]
    items: list[Any] = field(default_factory=list)


class Sysinfo:
    spec = SPEC

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._questions: dict[int, _Question] = {}
        self._channel: Channel[Up, Down] | None = None

    async def run(self, channel: Channel[Up, Down]) -> None:
        for question in list(self._questions.values()):
            question.items.clear()
            await channel.send(question.said)
        self._channel = channel
        try:
            async for said in channel:
                self._hear(said)
        finally:
            self._channel = None

    async def look(self, top: int = 5) -> System:
        return cast(System, await self._ask(lambda id: Look(id, top)))

    async def check(self) -> Attention:
        return cast(Attention, await self._ask(Check))

    async def processes(self, over: float = 0.2) -> list[Process]:
        """With their share of a processor over so many seconds."""
        return cast("list[Process]", await self._ask(lambda id: Ps(id, over)))

    async def services(self, name: str = "") -> list[Service]:
        """Raises NoSuchSession when there is none of that name."""
        return cast("list[Service]", await self._ask(lambda id: ListServices(id, name)))

    async def _ask(self, make: Callable[[int], Up]) -> Any:
        id = next(self._numbers)
        question = self._questions[id] = _Question(make(id), asyncio.get_running_loop().create_future())
        try:
            if self._channel is not None:
                try:
                    await self._channel.send(question.said)
                except ChannelClosed:
                    pass  # the next link's run asks
            return await question.answer
        finally:
            self._questions.pop(id, None)

    def _hear(self, said: Down) -> None:
        question = self._questions.get(said.id)
        if question is None or question.answer.done():
            return  # nobody waits for it any more
        match said:
            case Processes(items=items, last=last) | Services(items=items, last=last):
                question.items.extend(items)
                if len(question.items) > MOST:
                    raise PeerBroke("The other end told of more than there can be.")
                if last:
                    question.answer.set_result(question.items)
            case Failed():
                question.answer.set_exception(_error(said))
            case System() | Attention():
                question.answer.set_result(said)


def _error(said: Failed) -> RsError:
    return from_wire(said.code, said.message, said.hint)
