"""The one place where rs opens a socket to the relay: conversations with it, and links through it.

    Conversation    /host or /control: requests and their answers, and the knocks that come unasked
    asking          a conversation that begins with a request for a ticket, in one flight
    attach          /link: a ticket becomes a Socket that carries records; `Ahead` opens it before there is one
    join, hold, reopen, readmit: the handshakes, each on its own Socket, each over in seconds or not at all

How a relay is got at is `opening`'s. Compression is off: what is encrypted does not shrink, and what shrinks with a
secret beside it tells about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from rs_relay import errors
from rs_relay.errors import ConnectionLost, PeerBroke, RsError, SessionEnded, Unreachable, WrongCode
from rs_relay.link import handshake, resume
from rs_relay.link.codes import Code
from rs_relay.link.handshake import Abort, Attempts, Opened, Role, WrongSecret
from rs_relay.link.opening import Reached as Reached
from rs_relay.link.opening import Relay as Relay
from rs_relay.link.opening import explore, open_to
from rs_relay.link.websocket import RecordSocket
from rs_relay.wire import codec, limits, messages
from rs_relay.wire.messages import FromClient, FromRelay

ANSWER_TIMEOUT = 15.0  # seconds for the relay to answer a request
PEER_TIMEOUT = 35.0  # seconds for the other end to come to the link (the relay gives up after 30)
SHAKE_TIMEOUT = 10.0  # seconds for each message of a handshake: 2.6 KB take one at 28.8 kbit/s
NOT_SENT = 32 * 1024  # bytes the kernel may hold unsent at first; the link adapts it to the line

Begun = TypeVar("Begun")
Answer = TypeVar(
    "Answer", messages.Slot, messages.Ticket, messages.Presence, messages.Waiting, messages.Devices, messages.Done
)


class Conversation:
    """A host or control socket: requests, answers, knocks. Ends with `ended`; whoever needs it longer dials again."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[FromRelay]] = {}
        self._knocks: asyncio.Queue[messages.Knocked | None] = asyncio.Queue()
        self._welcome: asyncio.Future[messages.Welcome] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[RsError] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(), name="relay-read")

    async def greet(self, hello: messages.Hello) -> messages.Welcome:
        await self._send(hello)
        return await self._welcomed()

    async def greet_and_ask(
        self, hello: messages.Hello, ask: Coroutine[Any, Any, messages.Ticket]
    ) -> tuple[messages.Welcome, messages.Ticket]:
        """Both in one flight, since the welcome changes nothing about what is asked. Raises as that does."""
        asking = asyncio.ensure_future(self._after(hello, ask))
        try:
            welcome = (
                await self._welcomed()
            )  # a refusal of the greeting tells more than what becomes of the request then
            return welcome, await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            ask.close()

    async def _after(self, hello: messages.Hello, ask: Coroutine[Any, Any, messages.Ticket]) -> messages.Ticket:
        await self._send(hello)
        return await ask

    async def ask_slot(self) -> messages.Slot:
        return await self._request(messages.AskSlot(next(self._ids)), messages.Slot)

    async def join(self, slot: str) -> messages.Ticket:
        """Raises WrongCode when the slot is not (or no longer) valid."""
        return await self._request(messages.Join(next(self._ids), slot), messages.Ticket)

    async def knock(self, host: str, door: str) -> messages.Ticket:
        """Raises Unreachable when the host is not there now, NoSuchSession when the door does not open."""
        return await self._request(messages.Knock(next(self._ids), host, door), messages.Ticket)

    async def who(self, doors: list[messages.Door]) -> list[bool]:
        online: list[bool] = []
        for at in range(0, len(doors), 20):
            request = messages.Who(next(self._ids), tuple(doors[at : at + 20]))
            online += (await self._request(request, messages.Presence)).online
        return online

    async def waiting(self) -> tuple[messages.Customer, ...]:
        return (await self._request(messages.AskWaiting(next(self._ids)), messages.Waiting)).customers

    async def enrol(self, host: str, proof: str, name: str) -> None:
        """A device joins this technician's list. Raises NoSuchSession when it is another under that name."""
        await self._request(messages.Enrol(next(self._ids), host, proof, name), messages.Done)

    async def devices(self) -> list[messages.Device]:
        """All of this technician's, and which are here now."""
        found: list[messages.Device] = []
        while True:
            after = found[-1].host if found else ""
            answer = await self._request(messages.AskDevices(next(self._ids), after), messages.Devices)
            found += answer.devices
            if not answer.more or not answer.devices:
                return found

    async def change_device(self, host: str, name: str, tags: tuple[str, ...], group: str) -> None:
        await self._request(messages.ChangeDevice(next(self._ids), host, name, tags, group), messages.Done)

    async def remove_device(self, host: str) -> None:
        await self._request(messages.RemoveDevice(next(self._ids), host), messages.Done)

    async def knock_device(self, host: str) -> messages.Ticket:
        """Raises NoSuchSession for a device that is not this technician's, Unreachable when it is not there now."""
        return await self._request(messages.KnockDevice(next(self._ids), host), messages.Ticket)

    async def retire(self, slot: str) -> None:
        await self._send(messages.Retire(slot))

    async def failed(self, slot: str) -> None:
        await self._send(messages.Failed(slot))

    async def knocks(self) -> AsyncIterator[messages.Knocked]:
        """Who knocks, until the conversation ends."""
        while knocked := await self._knocks.get():
            yield knocked

    async def close(self) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._connection.close()

    async def __aenter__(self) -> Conversation:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _welcomed(self) -> messages.Welcome:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await self._welcome

    async def _send(self, message: FromClient) -> None:
        try:
            await self._connection.send(codec.encode(message))
        except ConnectionClosed as e:
            raise ConnectionLost("The connection to the relay was lost.") from e

    async def _request(self, message: FromClient, kind: type[Answer]) -> Answer:
        number: int = message.id  # type: ignore[union-attr]  # every request has one
        answer: asyncio.Future[FromRelay] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send(message)
            async with asyncio.timeout(ANSWER_TIMEOUT):
                reply = await answer
        except TimeoutError as e:
            raise Unreachable("The relay does not answer.") from e
        finally:
            self._waiting.pop(number, None)
        if not isinstance(reply, kind):
            raise PeerBroke("The relay gave an answer to another question.")
        return reply

    async def _read(self) -> None:
        error: RsError = ConnectionLost("The connection to the relay was lost.")
        try:
            async for data in self._connection:
                self._handle(codec.decode_from_relay(data))
        except ConnectionClosed:
            pass
        except PeerBroke as e:
            error = e
        finally:
            self._finish(error)

    def _handle(self, message: FromRelay) -> None:
        match message:
            case messages.Welcome():
                if not self._welcome.done():
                    self._welcome.set_result(message)
            case messages.Knocked():
                self._knocks.put_nowait(message)
            case messages.Refused(number, code, text):
                self._refuse(number, errors.from_wire(code, text))
            case (
                messages.Slot(number)
                | messages.Ticket(number)
                | messages.Presence(number)
                | messages.Waiting(number)
                | messages.Devices(number)
                | messages.Done(number)
            ):
                if (answer := self._waiting.get(number)) and not answer.done():
                    answer.set_result(message)
            case messages.Restarting() | messages.Joined():
                pass  # a hint only; the socket's end is what counts

    def _refuse(self, number: int, error: RsError) -> None:
        waiting: asyncio.Future[Any] | None = self._waiting.get(number) if number else self._welcome
        if waiting and not waiting.done():
            waiting.set_exception(error)

    def _finish(self, error: RsError) -> None:
        if not self.ended.done():
            self.ended.set_result(error)
        answers: list[asyncio.Future[Any]] = [self._welcome, *self._waiting.values()]
        for answer in answers:
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # nobody need be waiting
        self._knocks.put_nowait(None)


async def _conversation(
    connection: ClientConnection, begin: Callable[[Conversation], Awaitable[Begun]]
) -> tuple[Conversation, Begun]:
    conversation = Conversation(connection)
    try:
        return conversation, await begin(conversation)
    except BaseException as e:
        await conversation.close()
        if isinstance(e, TimeoutError):
            raise Unreachable("The relay does not answer.") from e
        raise


async def control(relay: Relay, token: str = "") -> tuple[Conversation, messages.Welcome]:
    """A technician's conversation. Raises SignInNeeded, Unreachable."""
    connection = await open_to(relay, "/control", token, max_size=limits.CONTROL_MESSAGE, ping_interval=20)
    return await _conversation(connection, lambda c: c.greet(messages.Hello(messages.VERSION)))


async def asking(
    relay: Relay, token: str, ask: Callable[[Conversation], Coroutine[Any, Any, messages.Ticket]]
) -> tuple[Conversation, messages.Welcome, messages.Ticket]:
    """A technician's conversation that begins with a request for a ticket. Raises SignInNeeded, Unreachable, and what
    `ask` does."""
    connection = await open_to(relay, "/control", token, max_size=limits.CONTROL_MESSAGE, ping_interval=20)
    hello = messages.Hello(messages.VERSION)
    conversation, (welcome, ticket) = await _conversation(connection, lambda c: c.greet_and_ask(hello, ask(c)))
    return conversation, welcome, ticket


async def host(relay: Relay, hello: messages.Hello) -> tuple[Conversation, messages.Welcome]:
    """An agent's conversation. Raises Unreachable."""
    connection = await open_to(relay, "/host", max_size=limits.CONTROL_MESSAGE, ping_interval=20)
    return await _conversation(connection, lambda c: c.greet(hello))


async def look(relay: Relay) -> str:
    """Whether a relay answers there: it is told nothing and left at once. The time by its clock (HTTP's Date); '' when
    it does not say. Raises Unreachable."""
    reached = await explore(relay)
    if reached.error:
        raise reached.error
    return reached.date


async def _open_link(relay: Relay) -> ClientConnection:
    # the ends ping each other through the link; the relay looks after its own half
    return await open_to(relay, "/link", ping_interval=None)


class Ahead:
    """A link socket that is opened while its ticket is still asked for: a round trip that nobody waits for.

        async with Ahead(relay) as ahead:
            …
            socket = await attach(relay, ticket, ahead)

    One that was not used goes with the `async with`. A relay that waits for no ticket that long has closed it: then
    another is opened."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._opening: asyncio.Task[ClientConnection] | None = None

    async def __aenter__(self) -> Ahead:
        self._opening = asyncio.create_task(_open_link(self._relay), name="link-ahead")
        return self

    async def __aexit__(self, *_: object) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled() and opening.exception() is None:
                opening.result().transport.abort()

    async def take(self) -> ClientConnection:
        """It is the caller's now. Raises Unreachable."""
        opening = self._opening
        connection = await asyncio.shield(opening) if opening is not None else None
        if connection is None or connection.state is not State.OPEN:
            return await _open_link(self._relay)
        self._opening = None
        return connection


async def attach(relay: Relay, ticket: str, ahead: Ahead | None = None, first: bytes = b"") -> RecordSocket:
    """Spend a ticket; returns when the other end is there too. Raises Unreachable.

    `first`: this end's first message, which goes along: the relay keeps it until the other end is there."""
    connection = await (ahead.take() if ahead is not None else _open_link(relay))
    link = RecordSocket(connection.transport)
    link.keep_unsent(NOT_SENT)
    try:
        await link.send_text(codec.encode(messages.Attach(ticket)))
        if first:
            await link.send(first)
        async with asyncio.timeout(PEER_TIMEOUT):
            reply = codec.decode_from_relay(await link.receive_text())
    except (OSError, TimeoutError, UnicodeDecodeError) as e:
        link.abort()
        raise Unreachable("The other end did not come to the link.") from e
    except BaseException:
        link.abort()
        raise
    if isinstance(reply, messages.Refused):
        await link.close()
        raise errors.from_wire(reply.code, reply.message)
    if not isinstance(reply, messages.Joined):
        link.abort()
        raise PeerBroke("The relay gave an answer to another question.")
    return link


async def _next(socket: RecordSocket) -> bytes:
    async with asyncio.timeout(SHAKE_TIMEOUT):
        return await socket.receive()


@contextlib.asynccontextmanager
async def _shaking(socket: RecordSocket) -> AsyncIterator[None]:
    """Every way a handshake can fail, as the error that the person is told; the socket is cut."""
    try:
        yield
    except BaseException as e:
        socket.abort()
        if isinstance(e, WrongSecret):
            raise WrongCode("The code is wrong.") from e
        if isinstance(e, resume.UnknownKey):
            raise SessionEnded("The session has ended at the customer's computer.") from e
        if isinstance(e, Abort):
            raise Unreachable("The two ends could not agree on a secure connection.", "Try again.") from e
        if isinstance(e, OSError | TimeoutError):
            raise ConnectionLost("The connection was lost before it was secure.", "Try again.") from e
        raise


async def join(socket: RecordSocket, code: Code, link: str, role: Role, name: str) -> Opened:
    """The end where the code was typed. Raises WrongCode when the holder turns it down."""
    run = handshake.Joiner(code.secret, bytes.fromhex(link), role, name)
    async with _shaking(socket):
        await socket.send(run.start())
        proof = run.receive(await _next(socket))
        await socket.send(proof or b"")
        run.receive(await _next(socket))
    if run.opened is None:
        raise PeerBroke("The other end did not finish the handshake.")
    return run.opened


async def hold(socket: RecordSocket, secret: str, attempts: Attempts, link: str, role: Role) -> Opened:
    """The end that made the code. Raises WrongCode when the joiner's secret was wrong (counted in `attempts`)."""
    run = handshake.Holder(secret, bytes.fromhex(link), role, attempts)
    try:
        async with _shaking(socket):
            for _ in range(2):
                await socket.send(await _reply(socket, run, await _next(socket)))
    finally:
        run.abandon()
    if run.opened is None:
        raise PeerBroke("The other end did not finish the handshake.")
    return run.opened


async def _reply(socket: RecordSocket, run: handshake.Holder, data: bytes) -> bytes:
    try:
        return run.receive(data)
    except Abort:
        await socket.send(handshake.REFUSED)
        await socket.close()
        raise


async def reopen(
    relay: Relay, ticket: str, session_key: bytes, ahead: Ahead | None = None
) -> tuple[RecordSocket, Opened]:
    """Technician: a further link of a session; the handshake's first message goes along with the ticket. Raises
    SessionEnded when the agent says it holds no such session (the relay could have said so too: the caller tries more
    than once before it believes it), Unreachable."""
    run = resume.Initiator(session_key)
    socket = await attach(relay, ticket, ahead, run.start())
    async with _shaking(socket):
        await socket.send(run.receive(await _next(socket)))
    if run.opened is None:
        raise PeerBroke("The other end did not finish the handshake.")
    return socket, run.opened


async def readmit(socket: RecordSocket, find: Callable[[bytes], bytes | None]) -> Opened:
    """Agent: the other side of `reopen`. `find` gives the key of that public name; with none, says so and raises
    SessionEnded."""
    run = resume.Responder(find)
    async with _shaking(socket):
        first = await _next(socket)
        try:
            reply = run.receive(first)
        except resume.UnknownKey:
            await socket.send(resume.UNKNOWN)
            await socket.close()
            raise
        await socket.send(reply or b"")
        run.receive(await _next(socket))
    if run.opened is None:
        raise PeerBroke("The other end did not finish the handshake.")
    return run.opened
