"""Tunnels at the technician's end: ports here that lead there, and ports there that lead here.

The ports of this computer stay open for as long as the feature's `serve` runs, whatever becomes of the link: what goes
over a link that is lost is broken off, and who connects meanwhile waits a while for the next one. A port at the
customer's is opened again on each link, the same one.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from rs_cli.tunnel.forwarding import Rule, Way
from rs_cli.tunnel.socks import Greeting, NotSocks
from rs_relay.channels.tunnel import SPEC, Came, Down, Listen, Listening, NotListening, Open, Up, Why
from rs_relay.errors import LocalProblem, PeerBroke, RsError
from rs_relay.link.channel import Channel
from rs_relay.text import printable
from rs_relay.tunnel.carrier import Carrier
from rs_relay.tunnel.dial import Listener, NoConnection, Place, addresses_of, connect, listen, listen_at
from rs_relay.tunnel.stream import Stream

LINK = 20.0  # seconds that somebody who connects waits for a link
GREETING = 30.0  # seconds to say SOCKS
AGAIN = 1.0  # seconds until a port that was taken is asked for again
PATIENCE = 40  # times: an old link that nobody has noticed the end of holds it for half a minute


@dataclass(frozen=True)
class Ready:
    """Connections are taken at `at` now; for the customer's ports that is there."""

    rule: Rule
    at: Place


@dataclass(frozen=True)
class Trouble:
    """A connection that came to nothing, or a port that is not to be had for now."""

    rule: Rule
    place: Place
    text: str


class Tunnel:
    spec = SPEC

    def __init__(self, rules: tuple[Rule, ...], heard: Callable[[Ready | Trouble], None]) -> None:
        self._rules, self._heard = rules, heard
        self._carrier: Carrier | None = None
        self._linked = asyncio.Event()
        self._listeners: list[Listener] = []
        self._paths: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._doors = {
            number: _Door(rule, secrets.token_hex(16), rule.here.port)
            for number, rule in enumerate(rules)
            if rule.way is Way.REVERSE
        }
        self._last = len(rules)
        self._asked: dict[int, _Door] = {}  # by the number it has on the channel of now
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, channel: Channel[Up, Down]) -> None:
        carrier = Carrier(channel, 1, self._dial, self._other)
        self._carrier, self._asked = carrier, {}
        for number, door in self._doors.items():
            self._ask(carrier, number, door)
        self._linked.set()
        try:
            await carrier.serve()
        finally:
            self._carrier = None
            self._linked.clear()

    async def serve(self) -> None:
        """Open the ports of this computer and keep them, for ever. Raises LocalProblem for one that is not to be had,
        here or, the first time it is asked for, there."""
        try:
            for rule in self._rules:
                if rule.way is not Way.REVERSE:
                    await self._listen(rule)
            await self._failed
        finally:
            for listener in self._listeners:
                listener.close()
            for path in self._paths:
                os.unlink(path)
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- ports here

    async def _listen(self, rule: Rule) -> None:
        make = partial(_Greeter if rule.way is Way.SOCKS else _Incoming, self, rule)
        try:
            if rule.here.path:
                listener = await listen_at(rule.here.path, make)
                self._paths.append(rule.here.path)
            else:
                listener = await listen(addresses_of(rule.here.host), rule.here.port, make)
        except (OSError, ValueError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no such address"
            where = str(rule.here) if rule.here.host or rule.here.path else f"port {rule.here.port}"
            hint = "Choose another; 0 is any that is free."
            raise LocalProblem(f"No connections can be taken at {where} of this computer: {why}.", hint) from None
        self._listeners.append(listener)
        self._heard(Ready(rule, Place(addresses_of(rule.here.host)[0], listener.port, rule.here.path)))

    def trouble(self, trouble: Trouble) -> None:
        self._heard(trouble)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="tunnel")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def lead(
        self,
        stream: Stream,
        rule: Rule,
        there: Place,
        opened: Callable[[], None] = lambda: None,
        refused: Callable[[Why], None] = lambda why: None,
    ) -> None:
        """Lead one connection to `there`. `opened` is called when it is there, `refused` when it will not be."""
        try:
            try:
                async with asyncio.timeout(LINK):
                    await self._linked.wait()
            except TimeoutError:
                raise NoConnection(Why.FAILED, "There is no link now.") from None
            carrier = self._carrier
            if carrier is None:
                raise NoConnection(Why.FAILED, "The line was lost.")
            await carrier.open(stream, lambda id: Open(id, there.host, there.port, there.path), opened)
        except NoConnection as error:
            refused(error.why)
            stream.close()
            self._heard(Trouble(rule, there, error.text))
        except asyncio.CancelledError:
            stream.cut()

    # ---- ports there

    def _ask(self, carrier: Carrier, number: int, door: _Door) -> None:
        self._asked[number] = door
        carrier.say(Listen(number, door.key, door.rule.here.host, door.port))

    def _other(self, message: object) -> None:
        match message:
            case Listening(listener=number, host=host, port=port) if number in self._asked:
                door = self._asked[number]
                told, door.port, door.tries = door.port == port and door.open, port, 0
                door.open = True
                if not told:
                    self._heard(Ready(door.rule, Place(printable(host, 60), port)))
            case NotListening(listener=number, text=text) if number in self._asked:
                self._not_listening(self._asked[number], number, printable(text))
            case _:
                raise PeerBroke("The customer's program said what only the technician's does.")

    def _not_listening(self, door: _Door, number: int, text: str) -> None:
        if not door.open:  # it never was
            self._fail(LocalProblem(f"The customer's computer takes no connections at {door.rule.here}: {text}"))
            return
        door.tries += 1
        if door.tries > PATIENCE:
            self._heard(Trouble(door.rule, door.rule.here, text))
        elif self._carrier is not None:
            asyncio.get_running_loop().call_later(AGAIN, self._ask_again, self._carrier, number, door)

    def _ask_again(self, carrier: Carrier, number: int, door: _Door) -> None:
        if carrier is self._carrier:
            self._ask(carrier, number, door)

    def _fail(self, error: RsError) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _dial(self, asked: Open | Came, make: Callable[[], Stream]) -> None:
        door = self._asked.get(asked.listener) if isinstance(asked, Came) else None
        if door is None:
            raise PeerBroke("The customer's program spoke of a port that it was not asked for.")
        try:
            await connect(door.rule.there, make)
        except NoConnection as error:
            self._heard(Trouble(door.rule, door.rule.there, error.text))
            raise


@dataclass
class _Door:
    """A port at the customer's."""

    rule: Rule
    key: str
    port: int
    open: bool = False
    tries: int = 0


class _Incoming(Stream):
    """Somebody connected to a port of ours that leads to one place."""

    def __init__(self, tunnel: Tunnel, rule: Rule) -> None:
        super().__init__()
        self._tunnel, self._rule = tunnel, rule

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._tunnel.begin(self._tunnel.lead(self, self._rule, self._rule.there))


class _Greeter(asyncio.Protocol):
    """Somebody connected to a SOCKS port of ours; when they have said where to, a Stream takes over."""

    def __init__(self, tunnel: Tunnel, rule: Rule) -> None:
        self._tunnel, self._rule = tunnel, rule
        self._greeting = Greeting()
        self._transport: asyncio.Transport | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._late = asyncio.get_running_loop().call_later(GREETING, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late:
            self._late.cancel()

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        try:
            answer = self._greeting.feed(data)
        except NotSocks as error:
            transport.write(error.reply)
            transport.close()
            self._tunnel.trouble(Trouble(self._rule, self._rule.here, f"That was {error}."))
            return
        if answer:
            transport.write(answer)
        if self._greeting.asked:
            self._hand_over(transport, self._greeting.asked)

    def _hand_over(self, transport: asyncio.Transport, place: Place) -> None:
        if self._late:
            self._late.cancel()
        stream = Stream()
        transport.set_protocol(stream)
        stream.adopt(transport, self._greeting.rest)

        def opened() -> None:
            transport.write(self._greeting.reply(None))

        def refused(why: Why) -> None:
            transport.write(self._greeting.reply(why))

        self._tunnel.begin(self._tunnel.lead(stream, self._rule, place, opened, refused))
