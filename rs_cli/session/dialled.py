"""The real connector: reaches agents through one relay. The only module here that knows sockets exist.

A control socket is opened for each request and closed after it: a technician's process holds one only while it needs
it (DESIGN 1), and after a relay's restart there is nothing stale to notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from rs_cli.session.connector import Paired
from rs_cli.state import config
from rs_cli.state.book import Entry
from rs_cli.state.private import state_dir
from rs_relay.errors import PeerBroke, RsError, SessionEnded, WrongCode
from rs_relay.link import codes, dial
from rs_relay.link import link as links
from rs_relay.link.channel import Channel
from rs_relay.link.codes import Code
from rs_relay.link.dial import Conversation
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.spec import ChannelSpec
from rs_relay.link.websocket import RecordSocket
from rs_relay.way.memory import Memory
from rs_relay.wire.messages import Customer, Device, Door, Knocked, Ticket, Welcome

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class DialledLink:
    """A link as a session sees it: a polite end is the end of the session, since an agent only says it then."""

    def __init__(self, link: links.Link) -> None:
        self.wire = link

    async def open(self, spec: ChannelSpec[Any, Any], first: Any = None) -> Channel[Any, Any]:
        return await self.wire.open(spec, first)

    async def closed(self) -> RsError:
        error = await asyncio.shield(self.wire.ended)
        return error or SessionEnded("The session was ended at the customer's computer.")

    async def close(self) -> None:
        await self.wire.close()


class Dialled:
    def __init__(self, relay: config.Relay) -> None:
        self._relay = dial.Relay(relay.url, relay.proxy, Memory(state_dir()))
        self._token = relay.token

    async def reach(self, entry: Entry) -> DialledLink:
        """Three flights: both sockets; the knock; the ticket, and with it the handshake's first message."""
        async with self._ticket(lambda control: control.knock(entry.host, entry.door)) as (_, ticket, ahead):
            socket, opened = await dial.reopen(self._relay, ticket.ticket, bytes.fromhex(entry.key), ahead)
        return DialledLink(_started(opened, socket))

    async def join(self, code: Code) -> Paired:
        async with self._ticket(lambda control: control.join(code.slot)) as (welcome, ticket, ahead):
            socket = await dial.attach(self._relay, ticket.ticket, ahead)
            opened = await dial.join(socket, code, ticket.link, Role.TECHNICIAN, welcome.name)
        return await _paired(_started(opened, socket), opened, "joiner")

    async def visit(self, host: str, access_code: str, me: Ed25519PrivateKey, pin: bytes) -> Paired:
        """Come in at a device where nobody need be. Raises WrongCode, Unreachable, NoSuchSession, PeerBroke for another
        device in its place, SessionEnded when it turns this technician away."""
        from rs_relay.link.visiting import visit  # who joins people only loads nothing of it

        async with self._ticket(lambda control: control.knock_device(host)) as (welcome, ticket, ahead):
            socket = await dial.attach(self._relay, ticket.ticket, ahead)
            opened = await visit(socket, access_code, ticket.link, welcome.name, me, pin)
        return await _paired(_started(opened, socket), opened, "joiner")

    async def hold(
        self, show: Callable[[Code, float], None], wrong: Callable[[int], None] = lambda left: None
    ) -> Paired:
        async with self.control() as (control, _):
            slot = await control.ask_slot()
            code = Code(slot.slot, codes.make_secret())
            lifetime = min(slot.ttl, codes.LIFETIME)
            show(code, lifetime)
            try:
                return await self._wait_for_customer(control, code, lifetime, wrong)
            finally:
                with suppress(RsError):  # the relay forgets it by itself when this socket ends
                    await control.retire(slot.slot)

    async def online(self, entries: list[Entry]) -> list[bool]:
        async with self.control() as (control, _):
            return await control.who([Door(entry.host, entry.door) for entry in entries])

    async def devices(self) -> list[Device]:
        async with self.control() as (control, _):
            return await control.devices()

    async def waiting(self) -> tuple[Customer, ...]:
        async with self.control() as (control, _):
            return await control.waiting()

    async def welcome(self) -> Welcome:
        """Sign in and nothing else. Raises SignInNeeded, Unreachable."""
        async with self.control() as (_, welcome):
            return welcome

    @asynccontextmanager
    async def control(self) -> AsyncIterator[tuple[Conversation, Welcome]]:
        conversation, welcome = await dial.control(self._relay, self._token)
        try:
            yield conversation, welcome
        finally:
            await conversation.close()

    @asynccontextmanager
    async def _ticket(
        self, ask: Callable[[Conversation], Coroutine[Any, Any, Ticket]]
    ) -> AsyncIterator[tuple[Welcome, Ticket, dial.Ahead]]:
        """What `ask` asks for, and a socket that is opened for it meanwhile. Leave of the relay is taken while they are
        used: each of these is a round trip, which on a modem nobody should wait for."""
        async with dial.Ahead(self._relay) as ahead:
            control, welcome, ticket = await dial.asking(self._relay, self._token, ask)
            leave = asyncio.create_task(control.close())
            try:
                yield welcome, ticket, ahead
            finally:
                await leave

    async def _wait_for_customer(
        self, control: Conversation, code: Code, lifetime: float, wrong: Callable[[int], None]
    ) -> Paired:
        """Tries run side by side (a stranger who knocks and says nothing must not block the customer); the handshake's
        own rule lets one of them at a time touch the code, and counts."""
        attempts = Attempts()
        done: asyncio.Future[Paired] = asyncio.get_running_loop().create_future()
        tries: set[asyncio.Task[None]] = set()

        async def attempt(knock: Knocked) -> None:
            try:
                paired = await self._try(knock, code, attempts)
            except WrongCode:
                await control.failed(code.slot)
                wrong(max(0, codes.MAX_WRONG - attempts.failures))
                if attempts.retired and not done.done():
                    done.set_exception(WrongCode("A wrong code was typed three times: it is void.", "Make a new one."))
            except RsError:
                return  # that one went away; the code is still good
            else:
                if done.done():
                    await paired.link.close()
                else:
                    done.set_result(paired)

        async def hear() -> None:
            async for knock in control.knocks():
                if knock.slot == code.slot:
                    task = asyncio.create_task(attempt(knock))
                    tries.add(task)
                    task.add_done_callback(tries.discard)
            if not done.done():
                done.set_exception(control.ended.result())

        hearing = asyncio.create_task(hear())
        try:
            async with asyncio.timeout(lifetime):
                return await done
        except TimeoutError:
            raise WrongCode("The code was not used in time.", "Make a new one.") from None
        finally:
            for task in (hearing, *tries):
                task.cancel()
            await asyncio.gather(hearing, *tries, return_exceptions=True)

    async def _try(self, knock: Knocked, code: Code, attempts: Attempts) -> Paired:
        socket = await dial.attach(self._relay, knock.ticket)
        opened = await dial.hold(socket, code.secret, attempts, knock.link, Role.TECHNICIAN)
        return await _paired(_started(opened, socket), opened, "holder")


def connector_for(url: str) -> Dialled:
    """The connector of that relay, with the token this technician has for it."""
    return Dialled(config.load().relay(url))


def _started(opened: Opened, socket: RecordSocket) -> links.Link:
    link = links.Link(opened, Role.TECHNICIAN, socket)
    link.start()
    return link


async def _paired(link: links.Link, opened: Opened, role: str) -> Paired:
    try:
        async with asyncio.timeout(dial.SHAKE_TIMEOUT):
            facts = await link.facts()
    except TimeoutError:
        link.abort()
        raise PeerBroke("The customer's computer did not say who it is.") from None
    except BaseException:
        link.abort()
        raise
    return Paired(facts.host, facts.door, opened.resume.hex(), role, facts.name, DialledLink(link))
