"""A connection to the session's D-Bus, with a thread of its own, for whoever lives in other threads.

dbus-fast is imported when the first connection is made.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any, TypeVar

from rs_relay.errors import LocalProblem

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

T = TypeVar("T")
PORTAL, PLACE = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
CONNECTING = 5.0  # seconds; a local socket


class CallFailed(Exception):
    """A call was answered by an error. `name` is D-Bus's name of it."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Bus:
    """`address`: of the bus, D-Bus's way to write it; default: the session's. Raises LocalProblem.

    `heard` is called with every signal that `listen` asked for, and with None when the bus is gone, in the thread."""

    def __init__(self, heard: Callable[[Message | None], None] = lambda message: None, address: str = "") -> None:
        try:
            from dbus_fast.aio import MessageBus
        except ImportError as e:
            raise LocalProblem(
                "The library dbus-fast, by which a Wayland desktop is asked, is not installed.",
                "Install rs with its extra 'agent'.",
            ) from e
        address = address or session_address()
        self._heard = heard
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="portal", daemon=True)
        self._thread.start()
        self._watching: asyncio.Task[None] | None = None

        async def connect() -> MessageBus:
            bus = MessageBus(bus_address=address, negotiate_unix_fd=True)
            await bus.connect()
            return bus

        try:
            self._bus = self.run(connect(), CONNECTING)
        except Exception as e:  # what a library makes of an address, a socket and a greeting
            self._end_loop()
            raise LocalProblem("The session's D-Bus, by which this desktop is asked, cannot be reached.") from e
        self.loop.call_soon_threadsafe(self._begin)

    @property
    def name(self) -> str:
        """This connection's own on the bus."""
        return str(self._bus.unique_name)

    def _begin(self) -> None:
        self._bus.add_message_handler(self._message)
        self._watching = self.loop.create_task(self._watch())

    def _message(self, message: Message) -> None:
        from dbus_fast import MessageType

        if message.message_type is MessageType.SIGNAL:
            self._heard(message)

    async def _watch(self) -> None:
        try:
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        except Exception:  # the socket's own error: it is gone, however
            pass
        self._heard(None)

    def run(self, work: Coroutine[Any, Any, T], patience: float | None = None) -> T:
        """Does `work` in the bus's thread. Raises what it raises, and TimeoutError after `patience` seconds."""
        try:
            doing: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError:
            work.close()
            raise LocalProblem("The session's D-Bus is gone.") from None
        try:
            return doing.result(patience)
        except Late:
            doing.cancel()
            raise TimeoutError from None

    async def call(
        self, interface: str, method: str, signature: str = "", body: list[Any] | None = None, *,
        place: str = PLACE, to: str = PORTAL,
    ) -> Message:  # fmt: skip
        """In the bus's thread. Raises CallFailed, or EOFError where the bus is gone."""
        from dbus_fast import Message, MessageType

        message = Message(
            destination=to, path=place, interface=interface, member=method, signature=signature, body=body or []
        )
        answer = await self._bus.call(message)
        if answer is None:
            raise EOFError
        if answer.message_type is MessageType.ERROR:
            raise CallFailed(str(answer.error_name), str((answer.body or [""])[0])[:200])
        return answer

    async def listen(self, rule: str) -> None:
        """`rule`: what signals are heard, D-Bus's way to write it."""
        await self.call(
            "org.freedesktop.DBus", "AddMatch", "s", [rule], place="/org/freedesktop/DBus", to="org.freedesktop.DBus"
        )

    async def value(self, interface: str, name: str) -> Any:
        """A property of the portal; None where it has none."""
        try:
            answer = await self.call("org.freedesktop.DBus.Properties", "Get", "ss", [interface, name])
        except CallFailed:
            return None
        return answer.body[0].value

    def close(self) -> None:
        """From another thread than the bus's own."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._let_go)
            self._thread.join(CONNECTING)
            if not self._thread.is_alive():
                self.loop.close()

    def _let_go(self) -> None:
        self._heard = lambda message: None
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self._bus.disconnect()
        self.loop.call_soon(self.loop.call_soon, self.loop.stop)  # after what the cancelled have to say

    def _end_loop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CONNECTING)
        self.loop.close()


def session_address() -> str:
    """Where the session's bus is. Raises LocalProblem when there is none."""
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if told:
        return told
    if runtime and os.path.exists(f"{runtime}/bus"):
        return f"unix:path={runtime}/bus"
    raise LocalProblem("There is no D-Bus of a desktop session here.", "Start rs-agent inside the desktop session.")
