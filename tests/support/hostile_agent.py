"""A customer's end that holds the keys and lies: real host socket, real handshake, and then whatever a test wants.

    with HostileAgent(url, lies={"screen": absurd}) as agent:
        stage.join(agent.code)

A lie is `async def lie(channel, first)`: it is given the opened channel (`Loud`, which says structs that no honest
program makes, and raw bytes) and runs until it ends or the channel does. Channels without a lie are refused. It lives
on a thread of its own, so that a test may run the technician's commands meanwhile as a person does.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

import msgspec

from rs_relay.channels import chat, clipboard, clips, consent, files, folders
from rs_relay.channels.consent import Grant, State
from rs_relay.channels.screen import messages as screen
from rs_relay.errors import RsError
from rs_relay.link import codes, dial
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.codes import Code
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.link import Facts, Link, LinkChannel, Request
from rs_relay.link.spec import ChannelSpec, Permission
from rs_relay.wire import messages

SPECS: dict[str, ChannelSpec[Any, Any]] = {
    spec.name: replace(spec, max_message=64 * 1024 * 1024)
    for spec in (chat.SPEC, clipboard.SPEC, clips.SPEC, consent.SPEC, files.SPEC, folders.SPEC, screen.SPEC)
}
PATIENCE = 30.0


class Loud:
    """A channel of the link that says anything, also what is no message."""

    def __init__(self, link: Link, channel: LinkChannel[Any, Any]) -> None:
        self.link, self.channel = link, channel

    async def say(self, *said: Any) -> None:
        for message in said:
            await self.channel.send(message)

    async def raw(self, data: bytes) -> None:
        if not self.link.session.send(self.channel._number, data):
            raise ChannelClosed(None)
        self.link.wake()

    async def hear(self) -> Any:
        return await self.channel.receive()

    async def listen(self) -> None:
        """Takes what is said until the other end has had enough."""
        while True:
            await self.channel.receive()


Lie = Callable[[Loud], Awaitable[None]]


async def consenting(loud: Loud) -> None:
    """All is granted."""
    await loud.say(State(dict.fromkeys(Permission, Grant.GRANTED), "customer", 1))
    await loud.listen()


class HostileAgent:
    def __init__(self, url: str, lies: dict[str, Lie], *, name: str = "customer", refusal: RsError | None = None):
        self.lies: dict[str, Lie] = {"consent": consenting, **lies}
        self.code = ""
        self._url, self._name, self._refusal = url, name, refusal
        self._identity = (secrets.token_hex(16), secrets.token_hex(32), secrets.token_hex(32))
        self._key: bytes | None = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> HostileAgent:
        self._thread.start()
        if not self._ready.wait(PATIENCE) or self._error:
            raise RuntimeError("the hostile agent did not start") from self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._life())
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
        except BaseException as e:
            self._error = e
        finally:
            self._ready.set()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0.05))
            self._loop.close()

    async def _life(self) -> None:
        host, rejoin, door = self._identity
        deposit = hashlib.sha256(bytes.fromhex(door)).hexdigest()
        relay = dial.Relay(self._url)
        hello = messages.Hello(messages.VERSION, host, rejoin, deposit, "customer")
        conversation, _ = await dial.host(relay, hello)
        slot = await conversation.ask_slot()
        code = Code(slot.slot, codes.make_secret())
        self.code = code.slot + code.secret
        self._ready.set()
        attempts = Attempts()
        async for knock in conversation.knocks():
            self._start(self._knocked(relay, knock, code, attempts))

    async def _knocked(self, relay: dial.Relay, knock: messages.Knocked, code: Code, attempts: Attempts) -> None:
        socket = await dial.attach(relay, knock.ticket)
        if knock.slot:
            opened = await dial.hold(socket, code.secret, attempts, knock.link, Role.AGENT)
            self._key = opened.resume
        else:
            opened = await dial.readmit(socket, lambda _rid: self._key)
        await self._link(opened, socket)

    async def _link(self, opened: Opened, socket: dial.RecordSocket) -> None:
        link = Link(opened, Role.AGENT, socket)
        link.start(Facts(self._identity[0], self._identity[2], self._name))
        async for request in link.requests():
            lie = self.lies.get(request.name)
            if lie is None:
                request.refuse(self._refusal or RsError("no"))
            else:
                self._start(self._speak(link, request, lie))

    async def _speak(self, link: Link, request: Request, lie: Lie) -> None:
        loud = Loud(link, request.accept(SPECS[request.name]))
        with contextlib.suppress(ChannelClosed, RsError):
            await lie(loud)
            await loud.listen()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a broken link is what is asked for here


def encoded(message: Any) -> bytes:
    return msgspec.msgpack.encode(message)
