"""Tunnels at the customer's end: connections to what this computer reaches, and a port of its loopback for those back.

Law: a technician's listener is on this computer's loopback and nowhere else; the customer is told of each new place
that is connected to and each port that is opened, in lines that are collected, not one for each connection. All ends
with the channel, which the grant's withdrawal closes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels.tunnel import (
    LISTENERS,
    MAX_KEY,
    SPEC,
    Came,
    Down,
    Listen,
    Listening,
    NotListening,
    Open,
    Up,
    Why,
)
from rs_relay.errors import PeerBroke
from rs_relay.link.channel import Channel
from rs_relay.link.spec import Permission
from rs_relay.text import printable
from rs_relay.tunnel.carrier import Carrier
from rs_relay.tunnel.dial import Listener, NoConnection, addresses_of, check, connect, listen, loopback
from rs_relay.tunnel.stream import Stream

COLLECT = 2.0  # seconds between two lines for the customer
NAMED = 3  # places named in one line; the rest is a number
# A program's own socket is a way to command it: the display takes keys there, the session's bus starts programs.
SOCKETS = "Sockets in the customer's file system need the permission `shell`, too."
GLANCE = 0.3  # seconds between two looks whether it still holds
KNOWN = 1000  # places that are told once; more are told as a number each time
CELLS = 60


class Tunnel:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._told = _Told(context)
        self._context = context
        self._listeners: dict[str, Listener] = {}  # by key: a new link's takes the place of an old one's

    async def run(self, channel: Channel[Down, Up]) -> None:
        await _Run(channel, self._context, self._told, self._listeners).serve()


class _Run:
    """One channel."""

    def __init__(
        self, channel: Channel[Down, Up], context: Context, told: _Told, listeners: dict[str, Listener]
    ) -> None:
        self._carrier = Carrier(channel, 2, self._dial, self._other)
        self._context, self._told, self._all = context, told, listeners
        self._mine: dict[str, Listener] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers: set[int] = set()

    async def serve(self) -> None:
        try:
            await self._carrier.serve()
        finally:
            for task in self._tasks:
                task.cancel()
            for key, listener in self._mine.items():
                listener.close()
                if self._all.get(key) is listener:
                    del self._all[key]
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _dial(self, asked: Open | Came, make: Callable[[], Stream]) -> None:
        if isinstance(asked, Came):
            raise PeerBroke("The technician's program said what only the customer's does.")
        place = check(asked.host, asked.port, asked.path)
        if not place.path:
            self._told.place(str(place))
            await connect(place, make)
            return
        if not self._context.granted(Permission.SHELL):
            raise NoConnection(Why.DENIED, SOCKETS)
        self._told.place(str(place))
        made: list[Stream] = []

        def keep() -> Stream:
            made.append(make())
            return made[-1]

        await connect(place, keep)
        self._start(self._while_granted(made[-1]))

    async def _while_granted(self, stream: Stream) -> None:
        """Cuts it when commands may not be run any more."""
        while not stream.closed:
            if not self._context.granted(Permission.SHELL):
                stream.cut()
            await asyncio.sleep(GLANCE)

    def _other(self, message: object) -> None:
        if not isinstance(message, Listen):
            raise PeerBroke("The technician's program said what only the customer's does.")
        wrong = message.listener in self._numbers or len(message.key) > MAX_KEY or not 0 <= message.port < 65536
        if wrong or len(self._numbers) >= LISTENERS:
            raise PeerBroke("The other end asked for a port that there cannot be.")
        self._numbers.add(message.listener)
        self._start(self._listen(message))

    async def _listen(self, asked: Listen) -> None:
        answer: Listening | NotListening
        try:
            answer = await self._opened(asked)
        except NoConnection as error:
            self._numbers.discard(asked.listener)  # it may be asked for again
            answer = NotListening(asked.listener, error.text)
        self._carrier.say(answer)

    async def _opened(self, asked: Listen) -> Listening:
        if not loopback(asked.host):
            raise NoConnection(Why.DENIED, "The customer's computer opens ports on its loopback only.")
        if before := self._all.pop(asked.key, None):
            before.close()
        try:
            listener = await listen(addresses_of(asked.host), asked.port, partial(_Incoming, self, asked.listener))
        except (OSError, ValueError) as error:
            text = (
                os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "There is no such address"
            )
            raise NoConnection(Why.DENIED, f"{text}.") from None
        self._mine[asked.key] = self._all[asked.key] = listener
        self._told.port(listener.port)
        return Listening(asked.listener, addresses_of(asked.host)[0], listener.port)

    def came(self, stream: Stream, listener: int) -> None:
        self._start(self._hand_on(stream, listener))

    async def _hand_on(self, stream: Stream, listener: int) -> None:
        try:
            await self._carrier.open(stream, lambda id: Came(id, listener))
        except (NoConnection, asyncio.CancelledError):
            stream.cut()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="tunnel")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Incoming(Stream):
    """Somebody connected to a port that was opened here."""

    def __init__(self, run: _Run, listener: int) -> None:
        super().__init__()
        self._run, self._listener = run, listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._run.came(self, self._listener)


@dataclass
class _Told:
    """What the customer has been told, over all channels of the session."""

    context: Context
    _known: set[str] = field(default_factory=set)
    _fresh: list[str] = field(default_factory=list)
    _more: int = 0
    _due: asyncio.TimerHandle | None = None
    _last: float = float("-inf")

    def place(self, place: str) -> None:
        if place in self._known:
            return
        if len(self._known) < KNOWN:
            self._known.add(place)
            self.context.note("tunnel", printable(place, CELLS * 4))
        if len(self._fresh) < NAMED:
            self._fresh.append(place)
        else:
            self._more += 1
        loop = asyncio.get_running_loop()
        if self._due is None:
            self._due = loop.call_at(max(loop.time(), self._last + COLLECT), self._say)

    def port(self, port: int) -> None:
        text = f"port {port}"
        if text not in self._known and len(self._known) < KNOWN:
            self._known.add(text)
            self.context.note("tunnel-port", str(port))
            said = _("{name} has opened the port {port} of this computer, for its own programs alone.")
            self.context.face.notice(said.format(name=self._name, port=port))

    def _say(self) -> None:
        self._due, self._last = None, asyncio.get_running_loop().time()
        places = ", ".join(printable(place, CELLS) for place in self._fresh)
        if self._more:
            said = _("{name} connects through this computer to {places} and {more} more.")
        else:
            said = _("{name} connects through this computer to {places}.")
        more, self._more, self._fresh = self._more, 0, []
        self.context.face.notice(said.format(name=self._name, places=places, more=more))

    @property
    def _name(self) -> str:
        return printable(self.context.technician, CELLS)
