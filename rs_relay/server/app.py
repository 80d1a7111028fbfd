"""The relay: it accepts sockets, asks who they are, and performs what peers and the desk command. It decides nothing
that is written down elsewhere: who may come in (admission, accounts), what may be said (peer), what it leads to
(desk), how two ends are joined (splice).

Everything runs in one event loop; a sweep once a second does all that is a matter of time. The clock is monotonic
and handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from websockets.http11 import Request

from rs_relay.errors import PeerBroke, RsError, UsageError
from rs_relay.server import health, pages, upgrade
from rs_relay.server.admission import Admission, Technician
from rs_relay.server.config import Address, Config
from rs_relay.server.connection import Connection
from rs_relay.server.delivery import Delivery
from rs_relay.server.desk import Desk, Record, Visitor
from rs_relay.server.devices import Devices
from rs_relay.server.peer import Close, Do, Kind, Peer, Say
from rs_relay.server.rooms import Rooms
from rs_relay.server.splice import LinkEnd
from rs_relay.server.splice import State as EndState
from rs_relay.server.throttle import Rule, Throttle, address_key, is_loopback
from rs_relay.wire import closing, codec
from rs_relay.wire.messages import Attach, FromClient, FromRelay, Refused, Restarting

log = logging.getLogger("rs_relay")

SWEEP = 1.0
# A restart is announced for this long from now, spread so that not all come back at once.
BACK_IN = (0.3, 1.5)
STOP_TIMEOUT = 1.0


class Accounts(Protocol):
    """Who may open a control socket. An open relay has none."""

    async def find(self, token: str) -> Technician | None:
        """Whose token it is now, if anybody's."""

    async def valid(self) -> frozenset[Technician]:
        """All that `find` would find."""


def no_record(event: str, **details: object) -> None:
    """An open relay without a data directory keeps nothing."""


class Relay:
    def __init__(
        self,
        config: Config,
        accounts: Accounts | None = None,
        record: Record = no_record,
        clock: Callable[[], float] = time.monotonic,
        devices: Devices | None = None,
    ) -> None:
        if (accounts is None) != config.open:
            raise ValueError("an open relay has no accounts, and only that one")
        limits = config.limits
        self.urls: list[str] = []
        self.rooms: Rooms[LinkEnd] = Rooms(ttl=limits.ticket_ttl)
        self.desk = Desk(limits, self.rooms, self, record, name=config.name, devices=devices)
        self._config = config
        self._limits = limits
        self._accounts = accounts
        self._record = record
        self._clock = clock
        self._started = clock()
        self._stopping = False
        self._numbers = itertools.count(1)
        self._admission = Admission(
            total=limits.connections, strangers=limits.strangers, per_address=limits.connections_per_ip
        )
        self._sign_in_failures = Throttle(Rule(limits.sign_in_failures_per_hour, 3600.0))
        self._connections: dict[int, Connection] = {}
        self._ends: dict[int, LinkEnd] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._site = pages.Site(config.agents)
        self._links: dict[str, tuple[float, int]] = {}  # joined at, bytes passed by the end that left first
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()  # stopping, and nobody is left
        self._random = random.SystemRandom()

    # Life

    async def start(self) -> None:
        """Listen. Raises UsageError for settings that would expose somebody, RsError where it cannot listen."""
        self._config.check()
        context = _tls(self._config)
        for address in self._config.listen:
            server = await self._listen(address, context)
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
            self.urls.append(address.url(port, tls=self._config.tls))
        self._spawn(self._sweep_forever())
        if self._accounts is not None:
            self._spawn(self._watch_accounts(self._accounts))
        self._record("relay-started")

    async def stop(self) -> None:
        """Tell everybody to come back, and let go of them; at most about a second."""
        self._stopping = True
        for server in self._servers:
            server.close()
        for connection in list(self._connections.values()):
            if connection.peer is not None:
                connection.say(Restarting(int(self._random.uniform(*BACK_IN) * 1000)))
            connection.close(closing.RESTARTING, "the relay restarts")
        for end in list(self._ends.values()):
            end.close(closing.RESTARTING, "the relay restarts")
        self._note_empty()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), STOP_TIMEOUT)
        for connection in list(self._connections.values()):
            connection.abort()
        for end in list(self._ends.values()):
            end.abort()
        for delivery in list(self._deliveries.values()):
            delivery.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._record("relay-stopped")

    def counts(self) -> health.Counts:
        kinds = [c.peer.kind for c in self._connections.values() if c.peer is not None]
        joined = sum(end.state is EndState.JOINED for end in self._ends.values())
        return health.Counts(
            hosts=kinds.count(Kind.HOST),
            controls=kinds.count(Kind.CONTROL),
            links=joined // 2,
            sockets=len(self._admission),
            codes=len(self.desk.slots),
        )

    # Front: what a connection asks

    def now(self) -> float:
        return self._clock()

    def opened(self, connection: Connection) -> bool:
        if self._stopping or not self._admission.enter(connection.number):
            return False
        self._connections[connection.number] = connection
        return True

    def asked(self, connection: Connection, request: Request) -> None:
        connection.address = upgrade.client_address(connection.address, request, self._config.trusted_proxies)
        if "Origin" in request.headers:
            connection.answer(HTTPStatus.FORBIDDEN, b"A browser's page has nothing to look for here.\n")
        elif request.path == upgrade.HEALTH:
            self._health(connection, request)
        elif request.path in pages.PAGES or request.path.startswith(pages.FILES):
            self._show(connection, request)
        elif request.path not in upgrade.PATHS:
            connection.answer(HTTPStatus.NOT_FOUND)
        elif not self._admission.identify(connection.number, self._limited_as(connection)):
            connection.answer(HTTPStatus.TOO_MANY_REQUESTS, extra="Retry-After: 10\r\n")
        elif request.path == "/link":
            connection.accept_link(lambda transport: self._new_end(connection, transport))
        elif request.path == "/host":
            self._accept_peer(connection, Kind.HOST)
        else:
            self._sign_in(connection, request)

    def heard(self, connection: Connection, message: FromClient) -> None:
        peer = connection.peer
        if peer is None:
            return
        for command in peer.hear(message, self._clock()):
            match command:
                case Do():
                    if not connection.admitted:
                        connection.admitted = True
                        self._admission.settle(connection.number)
                    log.debug("< %d %s", connection.number, type(command.message).__name__)
                    self.desk.perform(self._visitor(connection, peer), command.message, self._clock())
                case Say():
                    connection.say(command.message)
                case Close():
                    log.debug("x %d %s", connection.number, command.reason)
                    connection.close(command.code, command.reason)

    def lost(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        self._admission.leave(connection.number)
        if connection.peer is not None:
            self.desk.left(self._visitor(connection, connection.peer), self._clock())
        self._note_empty()

    # Mouth: what the desk says

    def say(self, number: int, message: FromRelay) -> None:
        connection = self._connections.get(number)
        if connection is not None:
            log.debug("> %d %s", number, type(message).__name__)
            connection.say(message)

    def close(self, number: int, code: int, reason: str) -> None:
        connection = self._connections.get(number)
        if connection is not None:
            connection.close(code, reason)

    def later(self, number: int, message: FromRelay) -> None:
        delay = self._random.uniform(*self._limits.refusal_delay)
        asyncio.get_running_loop().call_later(delay, self.say, number, message)

    # Keeper: what a link's end asks

    def attach(self, end: LinkEnd, opening: bytes) -> None:
        try:
            message = codec.decode_from_client(opening)
        except PeerBroke:
            message = None
        if not isinstance(message, Attach):
            end.close(closing.POLICY, "the first message of a link socket is its ticket")
            return
        place = self.rooms.attach(message.ticket, end, self._clock())
        if place is None:
            end.refuse(Refused(0, "not-found", "That ticket is not valid any more."), closing.NOT_ADMITTED)
            return
        self._admission.vouch(end.number)
        end.link, end.technician = place.link, place.technician
        end.wait()
        if place.other is not None and place.other.state is not EndState.WAITING:
            end.refuse(Refused(0, "unreachable", "The other end has left again."), closing.NOT_ADMITTED)
        elif place.other is not None:
            self._links[end.link] = (self._clock(), -1)
            self._record("link-opened", link=end.link, by=_name_of(end.technician or place.other.technician))
            log.debug("= %d joined to %d", end.number, place.other.number)
            end.join(place.other)

    def parted(self, end: LinkEnd) -> None:
        self._ends.pop(end.number, None)
        self._admission.leave(end.number)
        self.rooms.leave(end)
        self._note_empty()
        joined = self._links.get(end.link)
        if joined is None:
            return
        since, first = joined
        if first < 0:
            self._links[end.link] = (since, end.passed)
        else:
            del self._links[end.link]
            seconds = round(self._clock() - since, 1)
            self._record("link-closed", link=end.link, seconds=seconds, bytes=first + end.passed)

    # Within

    def _note_empty(self) -> None:
        if self._stopping and not self._connections and not self._ends:
            self._empty.set()

    async def _listen(self, address: Address, context: ssl.SSLContext | None) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(
                lambda: Connection(self, self._limits, next(self._numbers)),
                address.host,
                address.port,
                ssl=context,
                backlog=1024,
                reuse_address=True,
                family=socket.AF_INET if address.host == "localhost" else socket.AF_UNSPEC,
                ssl_handshake_timeout=self._limits.head_timeout if context is not None else None,
            )
        except OSError as e:
            reason = e.strerror or "the system refused"
            raise RsError(
                f"The relay cannot listen on {address.host}:{address.port}: {reason.lower()}.",
                "Another program may hold that port; choose one with --listen HOST:PORT.",
            ) from e

    def _limited_as(self, connection: Connection) -> str:
        if self._config.spares_loopback and is_loopback(connection.address):
            return ""
        return address_key(connection.address)

    def _visitor(self, connection: Connection, peer: Peer) -> Visitor:
        technician = connection.technician
        limited_as = f"technician {technician.name}" if technician is not None else self._limited_as(connection)
        return Visitor(connection.number, peer.kind, technician, limited_as)

    def _health(self, connection: Connection, request: Request) -> None:
        if request.method != "GET":
            connection.answer(HTTPStatus.METHOD_NOT_ALLOWED, extra="Allow: GET\r\n")
            return
        body = health.report(
            stopping=self._stopping,
            uptime=self._clock() - self._started,
            counts=self.counts(),
            near=is_loopback(connection.address) and "X-Forwarded-For" not in request.headers,
        )
        connection.answer(HTTPStatus.OK, body, "application/json")

    def _show(self, connection: Connection, request: Request) -> None:
        """A page, or a file that a page or the agent names: nobody need be anybody for it."""
        if request.method != "GET":
            connection.answer(HTTPStatus.METHOD_NOT_ALLOWED, extra="Allow: GET\r\n")
        elif not self._admission.identify(connection.number, self._limited_as(connection)):
            connection.answer(HTTPStatus.TOO_MANY_REQUESTS, extra="Retry-After: 10\r\n")
        elif request.path in pages.PAGES:
            languages = ",".join(request.headers.get_all("Accept-Language"))
            page = self._site.page(request.path, languages)
            connection.answer(HTTPStatus.OK, page, "text/html; charset=utf-8", pages.HEADERS)
        elif (path := self._site.file(request.path)) is not None:
            self._admission.settle(connection.number)
            connection.hand_over(lambda transport: self._deliver(connection, transport, path))
        else:
            connection.answer(HTTPStatus.NOT_FOUND)

    def _deliver(self, connection: Connection, transport: asyncio.Transport, path: Path) -> Delivery:
        del self._connections[connection.number]
        delivery = Delivery(transport, path, connection.number, self._clock(), self._delivered)
        self._deliveries[delivery.number] = delivery
        asyncio.get_running_loop().call_soon(delivery.resume_writing)
        return delivery

    def _delivered(self, delivery: Delivery) -> None:
        self._deliveries.pop(delivery.number, None)
        self._admission.leave(delivery.number)

    def _accept_peer(self, connection: Connection, kind: Kind) -> None:
        peer = Peer(kind, rate=self._limits.messages_per_second, burst=self._limits.message_burst)
        connection.accept_talk(peer)

    def _new_end(self, connection: Connection, transport: asyncio.Transport) -> LinkEnd:
        del self._connections[connection.number]
        end = LinkEnd(self, transport, self._limits, connection.number)
        self._ends[end.number] = end
        return end

    def _sign_in(self, connection: Connection, request: Request) -> None:
        if self._accounts is None:
            # An open relay behind a proxy would make technicians of everybody who reaches the proxy.
            if not is_loopback(connection.address) or "X-Forwarded-For" in request.headers:
                connection.answer(HTTPStatus.FORBIDDEN, b"An open relay serves its own computer only.\n")
            else:
                self._accept_peer(connection, Kind.CONTROL)
            return
        wait = self._sign_in_failures.wait(address_key(connection.address), self._clock())
        if wait:
            connection.answer(HTTPStatus.TOO_MANY_REQUESTS, extra=f"Retry-After: {int(wait) + 1}\r\n")
            return
        self._spawn(self._look_up(connection, self._accounts, upgrade.bearer(request)))

    async def _look_up(self, connection: Connection, accounts: Accounts, token: str) -> None:
        try:
            technician = await accounts.find(token) if token else None
        except Exception:
            log.exception("! the accounts could not be read")
            connection.answer(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if technician is None:
            self._sign_in_failures.fail(address_key(connection.address), self._clock())
            self._record("sign-in-failed", address=connection.address)
            connection.answer(HTTPStatus.UNAUTHORIZED, extra='WWW-Authenticate: Bearer realm="rs-relay"\r\n')
            return
        connection.technician = technician
        self._admission.vouch(connection.number)
        self._record("signed-in", by=technician.name, address=connection.address)
        self._accept_peer(connection, Kind.CONTROL)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            try:
                self.sweep()
            except Exception:
                log.exception("! the sweep failed; it goes on")

    def sweep(self) -> None:
        now = self._clock()
        for connection in list(self._connections.values()):
            connection.tick(now)
        for end in list(self._ends.values()):
            end.tick(now)
        for delivery in list(self._deliveries.values()):
            delivery.tick(now, self._limits.stuck_after)
        for end in self.rooms.expire(now):
            end.refuse(Refused(0, "unreachable", "The other end did not come."), closing.NOT_ADMITTED)
        self.desk.expire(now)

    async def _watch_accounts(self, accounts: Accounts) -> None:
        """A token that another process removed is worth nothing here within a second."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                self._revoke(await accounts.valid())
            except Exception:
                log.exception("! the accounts could not be read; it goes on")

    def _revoke(self, valid: frozenset[Technician]) -> None:
        self.desk.devices.only({technician.name for technician in valid})
        for connection in list(self._connections.values()):
            if connection.technician is not None and connection.technician not in valid:
                connection.say(Refused(0, "sign-in-needed", "Your token is no longer valid on this relay."))
                connection.close(closing.REVOKED, "revoked")
        for end in list(self._ends.values()):
            if end.technician is not None and end.technician not in valid:
                end.close(closing.REVOKED, "revoked")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _name_of(technician: Technician | None) -> str:
    return technician.name if technician is not None else ""


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except (OSError, ssl.SSLError) as e:
        raise UsageError("The TLS certificate or its key cannot be read.", "Check --tls-cert and --tls-key.") from e
    return context
