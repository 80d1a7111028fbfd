"""The technician's end without a network: a connector whose links lead to an agent made of memory.

The agent is harsher than life where that finds faults: it answers each question only when the test says so, and a test
can cut every link between any two messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from rs_cli.session.connector import Paired
from rs_cli.state.book import Entry
from rs_relay.channels import chat, clipboard, clips, consent
from rs_relay.channels.consent import Grant, State
from rs_relay.errors import ConnectionLost, NotAllowed, RsError, SessionEnded, Unreachable, WrongCode
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.codes import Code
from rs_relay.link.spec import ChannelSpec, Permission
from rs_relay.wire.messages import Customer, Device, Welcome
from tests.support.channels import MemoryChannel, break_off, channel_pair

RELAY = "ws://127.0.0.1:8200"


def entry(number: int = 0, customer: str = "Maria's PC", **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "number": number,
        "customer": customer,
        "relay": RELAY,
        "host": "0" * 32,
        "door": "d" * 64,
        "key": "e" * 64,
        "role": "joiner",
        "created": 1_000_000.0,
    }
    return Entry(**{**values, **changes})


class FakeLink:
    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent
        self._ended: asyncio.Future[RsError] = asyncio.get_running_loop().create_future()
        self._channels: list[MemoryChannel] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, spec: ChannelSpec[Any, Any], first: Any = None) -> MemoryChannel:
        if self._ended.done():
            raise self._ended.result()
        await self._agent.admit(spec)
        ours, theirs = channel_pair(spec)
        self._channels.append(ours)
        if first is not None:
            await ours.send(first)
        task = asyncio.create_task(self._agent.serve(spec.name, theirs, self))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ours

    async def closed(self) -> RsError:
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        await self.end(ConnectionLost("closed"))

    async def end(self, error: RsError) -> None:
        if self._ended.done():
            return
        self._ended.set_result(error)
        self._agent.links.discard(self)
        for channel in self._channels:
            if isinstance(error, ConnectionLost):
                await break_off(channel)
            else:
                await channel.close(error)
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()


class FakeAgent:
    def __init__(self) -> None:
        self.grants = dict.fromkeys(Permission, Grant.NOT_ASKED)
        self.customer = "Maria's PC"
        self.lines: list[chat.Line] = []
        self.clipboard = ""
        self.answer: Callable[[Permission], Grant | None] = lambda permission: Grant.GRANTED
        self.goodbyes: list[str] = []
        self.links: set[FakeLink] = set()
        self._talks: set[MemoryChannel] = set()
        self._looks: set[MemoryChannel] = set()
        self._copies: set[MemoryChannel] = set()
        self.offered = clips.Offered(1, True)  # what else lies on the clipboard, and
        self.contents = b""  # of that, whatever is fetched
        self.paths: tuple[str, ...] = ()
        self._clips: set[MemoryChannel] = set()

    async def admit(self, spec: ChannelSpec[Any, Any]) -> None:
        if spec.permission is None or self.grants[spec.permission] is Grant.GRANTED:
            return
        self.grants[spec.permission] = self.answer(spec.permission) or Grant.ASKING
        await self.tell()
        if self.grants[spec.permission] is not Grant.GRANTED:
            raise NotAllowed(f"The customer has not allowed {spec.permission}.")

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        speak = {"chat": self._chat, "consent": self._consent, "clipboard": self._clipboard, "clips": self._give}[name]
        try:
            await speak(channel, link)
        except (ChannelClosed, RsError):
            return

    async def say(self, text: str, who: chat.Who = chat.Who.CUSTOMER, name: str = "Maria", key: str = "") -> None:
        self.lines.append(chat.Line(len(self.lines) + 1, who, name, text, 1_000_000.0 + len(self.lines), key))
        for channel in list(self._talks):
            await _try_to_send(channel, self.lines[-1])

    async def copy(self, text: str) -> None:
        self.clipboard = text
        for channel in list(self._copies):
            await _try_to_send(channel, clipboard.Text(text, asked=False))

    async def offer(self, offered: clips.Offered) -> None:
        self.offered = offered
        for channel in list(self._clips):
            await _try_to_send(channel, msgspec.structs.replace(offered, asked=False))

    async def tell(self) -> None:
        for channel in list(self._looks):
            await _try_to_send(channel, State(dict(self.grants), self.customer, len(self.links)))

    async def cut(self) -> None:
        """Every link breaks."""
        for link in list(self.links):
            await link.end(ConnectionLost("The connection was lost."))

    async def leave(self, reason: str) -> None:
        """The customer ends the session."""
        for channel in list(self._looks):
            await _try_to_send(channel, consent.Goodbye(reason))
        for link in list(self.links):
            await link.end(SessionEnded(reason))

    async def _chat(self, channel: MemoryChannel, link: FakeLink) -> None:
        seen = (await channel.receive()).last
        for line in [line for line in self.lines if line.number > seen]:
            await channel.send(line)
        await channel.send(chat.Current(len(self.lines)))
        self._talks.add(channel)
        try:
            async for said in channel:
                if not any(line.key == said.key for line in self.lines):
                    await self.say(said.text, chat.Who.TECHNICIAN, "Anna", said.key)
        finally:
            self._talks.discard(channel)

    async def _consent(self, channel: MemoryChannel, link: FakeLink) -> None:
        self._looks.add(channel)
        try:
            await self.tell()
            async for said in channel:
                if isinstance(said, consent.Goodbye):
                    self.goodbyes.append(said.reason)
                    await self.leave(said.reason)
                    return
                for permission in said.permissions:
                    self.grants[permission] = Grant.ASKING
                    await self.tell()
                    if answer := self.answer(permission):
                        self.grants[permission] = answer
                await self.tell()
        finally:
            self._looks.discard(channel)

    async def _clipboard(self, channel: MemoryChannel, link: FakeLink) -> None:
        try:
            async for said in channel:
                match said:
                    case clipboard.Get():
                        await channel.send(clipboard.Text(self.clipboard, asked=True))
                    case clipboard.Put(text):
                        self.clipboard = text
                        await channel.send(clipboard.Done())
                    case clipboard.Watch(True):
                        self._copies.add(channel)
                    case clipboard.Watch(_):
                        self._copies.discard(channel)
        finally:
            self._copies.discard(channel)

    async def _give(self, channel: MemoryChannel, link: FakeLink) -> None:
        try:
            async for said in channel:
                match said:
                    case clips.Watch(True):
                        self._clips.add(channel)
                    case clips.Look():
                        await channel.send(self.offered)
                    case clips.Which():
                        await channel.send(clips.Paths(self.paths))
                    case clips.Fetch():
                        await channel.send(clips.Piece(self.contents, True))
        finally:
            self._clips.discard(channel)


class FakeConnector:
    """Reaches one agent. `refuse`: errors that the next attempts meet with, in order."""

    def __init__(self, agent: FakeAgent | None = None) -> None:
        self.agent = agent or FakeAgent()
        self.refuse: list[RsError] = []
        self.unreachable = False
        self.reached = 0
        self.customers: tuple[Customer, ...] = ()
        self.code = Code("482", "915733")
        self.typed: asyncio.Event = asyncio.Event()  # set: the customer typed the code that `hold` showed
        self.retired = False
        self.at_devices: list[Device] = []
        self.access_code = "correct horse 42"
        self.visited: list[tuple[str, bytes]] = []  # (device, pin)

    async def devices(self) -> list[Device]:
        return self.at_devices

    async def visit(self, host: str, access_code: str, me: Any, pin: bytes) -> Paired:
        self.visited.append((host, pin))
        if access_code != self.access_code:
            raise WrongCode("The access code is wrong, or the device does not know you.")
        return self._paired("joiner")

    async def reach(self, entry: Entry) -> FakeLink:
        if self.unreachable:
            raise Unreachable("The customer's computer is not there.")
        if self.refuse:
            raise self.refuse.pop(0)
        self.reached += 1
        link = FakeLink(self.agent)
        self.agent.links.add(link)
        return link

    async def join(self, code: Code) -> Paired:
        if code != self.code:
            raise WrongCode("The code is wrong.")
        return self._paired("joiner")

    async def hold(
        self, show: Callable[[Code, float], None], wrong: Callable[[int], None] = lambda left: None
    ) -> Paired:
        show(self.code, 900.0)
        try:
            await self.typed.wait()
        finally:
            self.retired = True
        return self._paired("holder")

    async def online(self, entries: list[Entry]) -> list[bool]:
        if self.unreachable:
            raise Unreachable("The relay cannot be reached.")
        return [True for _ in entries]

    async def waiting(self) -> tuple[Customer, ...]:
        return self.customers

    async def welcome(self) -> Welcome:
        return Welcome(1, "anna")

    def _paired(self, role: str) -> Paired:
        link = FakeLink(self.agent)
        self.agent.links.add(link)
        return Paired("0" * 32, "d" * 64, "e" * 64, role, self.agent.customer, link)


async def _try_to_send(channel: MemoryChannel, message: Any) -> None:
    try:
        await channel.send(message)
    except ChannelClosed:
        return
