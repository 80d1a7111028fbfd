"""Folders at the technician's end: questions about the customer's files, and changes to them.

What only looks is asked again on the next link when the line broke; a change is not: nobody here knows whether it was
made before the line broke, and whoever asked for it is told so.
What the agent says is checked: a name in a listing is one name, a found path leads down, and no list is endless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from rs_relay.channels.folders import (
    LISTED,
    SPEC,
    Down,
    Ended,
    Entries,
    Entry,
    Find,
    Glob,
    List,
    Make,
    Measure,
    Move,
    Passed,
    Remove,
    Space,
    Stat,
    Stop,
    Up,
    text,
    wire,
)
from rs_relay.errors import ConnectionLost, PeerBroke, RsError, from_wire
from rs_relay.link.channel import Channel, ChannelClosed

Asked = List | Stat | Find | Glob | Measure | Space | Make | Move | Remove
CHANGES = (Make, Move, Remove)
_NO_NAMES = frozenset({"", "..", "."})


@dataclass(frozen=True)
class Thing:
    """An entry with its names as Python has them."""

    name: str
    entry: Entry
    target: str = ""


@dataclass(frozen=True)
class Answer:
    things: list[Thing]
    ended: Ended

    @property
    def path(self) -> str:
        return text(self.ended.path)


@dataclass(eq=False)
class _Task:
    asked: Asked
    over: asyncio.Future[Ended]
    heard: Callable[[Thing], None] | None
    passed: Callable[[int], None]
    things: list[Thing] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    count: int = 0
    sent: bool = False

    def again(self) -> None:
        self.things.clear()
        self.count = 0

    def take(self, entries: tuple[Entry, ...]) -> None:
        self.count += len(entries)
        if self.count > LISTED:
            raise PeerBroke("The other end sent a list without end.")
        for entry in entries:
            thing = _checked(self.asked, entry)
            if self.heard is None:
                self.things.append(thing)
            elif thing.name not in self.seen:  # told before the line broke
                self.seen.add(thing.name)
                self.heard(thing)


class Folders:
    spec = SPEC

    def __init__(self) -> None:
        self._channel: Channel[Up, Down] | None = None
        self._tasks: dict[int, _Task] = {}
        self._last = 0

    async def run(self, channel: Channel[Up, Down]) -> None:
        for number, task in list(self._tasks.items()):
            task.again()
            await self._say(channel, number, task)
        self._channel = channel
        why: RsError = ConnectionLost("The line broke meanwhile.", "Look whether it was done.")
        try:
            async for said in channel:
                self._hear(said)
        except RsError as e:
            why = why if isinstance(e, ConnectionLost) else e
            raise
        finally:
            self._channel = None
            for task in self._tasks.values():
                if task.sent and isinstance(task.asked, CHANGES) and not task.over.done():
                    task.over.set_exception(why)

    async def list(self, path: str) -> Answer:
        return await self._ask(List(0, wire(path)))

    async def stat(self, path: str, *, follow: bool = False) -> Thing:
        answer = await self._ask(Stat(0, wire(path), follow))
        if len(answer.things) != 1:
            raise PeerBroke("The other end did not say what is there.")
        return answer.things[0]

    async def find(self, wanted: Find, heard: Callable[[Thing], None], passed: Callable[[int], None]) -> Ended:
        """Raises as all here: NoSuchSession, NotAllowed and whatever the agent says."""
        return (await self._ask(wanted, heard, passed)).ended

    async def glob(self, pattern: str) -> Answer:
        return await self._ask(Glob(0, wire(pattern)))

    async def measure(self, path: str, passed: Callable[[int], None] = lambda count: None) -> Answer:
        return await self._ask(Measure(0, wire(path)), passed=passed)

    async def space(self, path: str) -> Ended:
        return (await self._ask(Space(0, wire(path)))).ended

    async def make(self, path: str, *, parents: bool = False) -> str:
        """The whole path."""
        return (await self._ask(Make(0, wire(path), parents))).path

    async def move(self, path: str, to: str, *, overwrite: bool = False) -> str:
        """Where it is now."""
        return (await self._ask(Move(0, wire(path), wire(to), overwrite))).path

    async def remove(
        self, path: str, *, recursive: bool = False, passed: Callable[[int], None] = lambda count: None
    ) -> int:
        """How many things."""
        return (await self._ask(Remove(0, wire(path), recursive), passed=passed)).ended.count

    async def _ask(
        self,
        asked: Asked,
        heard: Callable[[Thing], None] | None = None,
        passed: Callable[[int], None] = lambda count: None,
    ) -> Answer:
        self._last += 1
        number = self._last
        numbered = msgspec.structs.replace(asked, task=number)
        task = _Task(numbered, asyncio.get_running_loop().create_future(), heard, passed)
        self._tasks[number] = task
        try:
            if self._channel is not None:
                await self._say(self._channel, number, task)
            ended = await task.over
        except asyncio.CancelledError:
            if self._channel is not None and task.sent:
                with suppress(ChannelClosed):
                    await self._channel.send(Stop(number))
            raise
        finally:
            self._tasks.pop(number, None)
        if ended.code:
            raise from_wire(ended.code, ended.message, ended.hint)
        return Answer(task.things, ended)

    async def _say(self, channel: Channel[Up, Down], number: int, task: _Task) -> None:
        with suppress(ChannelClosed):  # the next run says it
            await channel.send(task.asked)
            task.sent = True

    def _hear(self, said: Down) -> None:
        task = self._tasks.get(said.task)
        if task is None or task.over.done():
            return  # it was given up here
        match said:
            case Entries():
                task.take(said.entries)
            case Passed():
                task.passed(said.count)
            case Ended():
                task.over.set_result(said)


def _checked(asked: Asked, entry: Entry) -> Thing:
    name = text(entry.name)
    match asked:
        case List() | Measure():
            # a file is listed as itself, by its whole path
            parts = [name] if not name.startswith("/") else name.split("/")[1:]
            good = not ("/" in name and not name.startswith("/"))
        case Find():
            parts, good = name.split("/"), True
        case _:
            parts, good = [], bool(name)
    if not good or "\0" in name or any(part in _NO_NAMES for part in parts) or entry.size < 0:
        raise PeerBroke("The other end sent a name that no file can have.")
    return Thing(name, entry, text(entry.target))
