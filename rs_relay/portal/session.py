"""One leave that the person at the desktop gave in their desktop's own dialog: to look at screens, perhaps to type.

    CreateSession ─▶ SelectDevices (to type) ─▶ SelectSources ─▶ Start: the desktop asks ─▶ streams, devices, a token
                                                                        └─▶ no, or nothing: Refused
    Session.Closed ─▶ `ended`: the person stopped it in the desktop's own panel, or what showed the desktop is gone

Every method may be called from any thread but the bus's own, and waits.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

from rs_relay.errors import LocalProblem
from rs_relay.portal.bus import PLACE, PORTAL, Bus, CallFailed

if TYPE_CHECKING:
    from dbus_fast import Message

SCREENS, HANDS = "org.freedesktop.portal.ScreenCast", "org.freedesktop.portal.RemoteDesktop"
_REQUEST, _SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
PATIENCE = 120.0  # seconds for the person to answer their desktop
PROMPT = 15.0  # seconds for what no person answers
MAX_STREAMS = 16
_NO = 1  # of a Response: the person cancelled it


class Devices(IntFlag):
    KEYBOARD = 1
    POINTER = 2


class Pointer(IntFlag):
    """How the pointer comes with a picture."""

    HIDDEN = 1
    EMBEDDED = 2
    BESIDE = 4  # as metadata


NO_DEVICES, NO_POINTER = Devices(0), Pointer(0)
HANDED = Devices.KEYBOARD | Devices.POINTER


class Lasting(IntEnum):
    """For how long the person's yes is to be remembered by the desktop."""

    NO = 0
    PROGRAM = 1  # as long as this program is connected
    ALWAYS = 2


class Refused(LocalProblem):
    """The person said no to the desktop's question, or it was not answered."""


@dataclass(frozen=True)
class Offer:
    """What a portal has. Versions are 0 where it has none of it."""

    screens: int = 0
    hands: int = 0
    pointers: Pointer = NO_POINTER
    devices: Devices = NO_DEVICES
    clipboard: int = 0

    @property
    def types(self) -> bool:
        return bool(self.hands) and self.devices & HANDED == HANDED


@dataclass(frozen=True)
class Source:
    """One screen that may be seen. Place and size are in the desktop's own measure, (0, 0) where it does not say."""

    node: int
    x: int
    y: int
    width: int
    height: int
    placed: bool


async def offer(bus: Bus) -> Offer:
    """In the bus's thread."""
    screens = _number(await bus.value(SCREENS, "version"))
    hands = _number(await bus.value(HANDS, "version"))
    return Offer(
        screens,
        hands,
        Pointer(_number(await bus.value(SCREENS, "AvailableCursorModes")) & 7 if screens else 0),
        Devices(_number(await bus.value(HANDS, "AvailableDeviceTypes")) & 3 if hands else 0),
        _number(await bus.value("org.freedesktop.portal.Clipboard", "version")),
    )


class PortalSession:
    """`ended` is told once, in the bus's thread, when the leave is over and `close` was not called; `bus_gone` says
    whether the session's bus went with it. Raises LocalProblem when there is no portal that shows screens."""

    def __init__(self, ended: Callable[[bool], None], address: str = "") -> None:
        self._ended = ended
        self._answers: dict[str, asyncio.Future[tuple[int, dict[str, Any]]]] = {}
        self._path = ""
        self._asking = ""  # the request that the person is asked about now
        self._over = False
        self.devices = NO_DEVICES
        self.sources: tuple[Source, ...] = ()
        self.token = ""  # for the next `start`
        self.pointer = Pointer.EMBEDDED
        self.bus = Bus(self._heard, address)
        try:
            self.offer = self._do(offer(self.bus), PROMPT)
        except LocalProblem:
            self.bus.close()
            raise
        if not self.offer.screens:
            self.bus.close()
            raise LocalProblem(
                "This Wayland desktop lets no program see its screen: it has no portal for that.",
                "Install xdg-desktop-portal and the part of it for this desktop, and log in again.",
            )

    def _do(self, work: Any, patience: float) -> Any:
        try:
            return self.bus.run(work, patience)
        except CallFailed as e:
            raise LocalProblem(f"This desktop did not allow it: {e}") from e
        except (TimeoutError, EOFError, OSError, CancelledError) as e:
            raise LocalProblem("This desktop's portal does not answer.") from e

    # --- asking ---

    def start(self, *, hands: bool, token: str = "", lasting: Lasting = Lasting.NO) -> None:
        """Asks for the screens, and with `hands` for keyboard and mouse; where `token` still holds, the desktop
        remembers and asks nobody. Raises Refused, or LocalProblem."""
        self._do(self._start(hands and self.offer.types, token, lasting), PATIENCE + 2 * PROMPT)

    async def _start(self, hands: bool, token: str, lasting: Lasting) -> None:
        for rule in (
            f"type='signal',sender='{PORTAL}',interface='{_REQUEST}'",
            f"type='signal',sender='{PORTAL}',interface='{_SESSION}'",
            f"type='signal',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{PORTAL}'",
        ):
            await self.bus.listen(rule)
        kind = HANDS if hands else SCREENS
        made = await self._ask(kind, "CreateSession", "", [], {"session_handle_token": _s(_fresh())})
        self._path = str(made["session_handle"].value)
        # A session that types is remembered with its devices, and only by portals that know how (version 2).
        remembers = self.offer.hands >= 2 if hands else self.offer.screens >= 4
        memory: dict[str, Any] = {}
        if remembers and lasting:
            memory = {"persist_mode": _u(lasting)} | ({"restore_token": _s(token)} if token else {})
        if hands:
            await self._ask(HANDS, "SelectDevices", "o", [self._path], {"types": _u(3)} | memory)
        sources = {"types": _u(1), "multiple": _b(True), "cursor_mode": _u(self._choose_pointer())}
        await self._ask(SCREENS, "SelectSources", "o", [self._path], sources | ({} if hands else memory))
        given = await self._ask(kind, "Start", "os", [self._path, ""], {}, PATIENCE)
        if hands:
            self.devices = Devices(_number(given["devices"].value) & 3 if "devices" in given else 0)
        self.token = str(given["restore_token"].value) if "restore_token" in given else ""
        streams = given["streams"].value if "streams" in given else []
        found = [_source(int(node), told) for node, told in streams[:MAX_STREAMS]]
        self.sources = tuple(sorted(found, key=lambda one: (one.x, one.y)))  # told as the person clicked them
        if not self.sources:
            raise Refused("The person at this computer chose no screen to be seen.")

    def _choose_pointer(self) -> int:
        told = self.offer.pointers
        self.pointer = next((p for p in (Pointer.BESIDE, Pointer.EMBEDDED) if p & told), Pointer.HIDDEN)
        return int(self.pointer)

    async def _ask(
        self, interface: str, method: str, signature: str, body: list[Any], options: Mapping[str, Any],
        patience: float = PROMPT,
    ) -> dict[str, Any]:  # fmt: skip
        """A portal's request: the answer comes as a signal at an object whose name is known beforehand."""
        token = _fresh()
        answer: asyncio.Future[tuple[int, dict[str, Any]]] = asyncio.get_running_loop().create_future()
        path = f"{PLACE}/request/{self.bus.name.removeprefix(':').replace('.', '_')}/{token}"
        self._answers[path] = answer
        self._asking = path
        try:
            told = await self.bus.call(
                interface, method, signature + "a{sv}", [*body, {**options, "handle_token": _s(token)}]
            )
            self._asking = str(told.body[0])  # portals before 0.9 choose another name
            self._answers.setdefault(self._asking, answer)
            async with asyncio.timeout(patience):
                code, results = await answer
        except TimeoutError:
            await self._take_back()
            raise Refused("The desktop's own question at this computer was not answered.") from None
        finally:
            self._answers = {at: waits for at, waits in self._answers.items() if waits is not answer}
            self._asking = ""
        if code == _NO:
            raise Refused("The person at this computer said no to their desktop's own question.")
        if code:  # it ended some other way: a desktop that is only just there, for one
            raise LocalProblem("The desktop of this computer could not ask the person there.", "Try again in a moment.")
        return results

    @property
    def asks(self) -> bool:
        """The desktop's question may be on show now."""
        return bool(self._asking)

    async def _take_back(self) -> None:
        self._give_up()
        for interface, path in ((_REQUEST, self._asking), (_SESSION, self._path)):
            if path:
                try:
                    await self.bus.call(interface, "Close", place=path)
                except (CallFailed, EOFError):
                    pass  # it is over already

    # --- what was granted ---

    def pictures(self) -> int:
        """A file descriptor to a PipeWire that has these screens and nothing else. Raises LocalProblem."""

        async def opened() -> int:
            answer = await self.bus.call(SCREENS, "OpenPipeWireRemote", "oa{sv}", [self._path, {}])
            return os.dup(answer.unix_fds[answer.body[0]])

        return int(self._do(opened(), PROMPT))

    def notify(self, method: str, signature: str, *values: int | float) -> None:
        """One of RemoteDesktop's Notify calls. Raises LocalProblem."""
        self._do(self.bus.call(HANDS, method, "oa{sv}" + signature, [self._path, {}, *values]), PROMPT)

    # --- the end ---

    def _heard(self, message: Message | None) -> None:
        if message is None:
            self._finish(bus_gone=True)
        elif message.interface == _REQUEST and message.member == "Response":
            answer = self._answers.get(str(message.path))
            if answer is not None and not answer.done():
                code, results = message.body
                answer.set_result((int(code), dict(results)))
        elif message.interface == _SESSION and message.member == "Closed" and message.path == self._path:
            self._finish(bus_gone=False)
        elif message.member == "NameOwnerChanged" and message.body[0] == PORTAL and not message.body[2]:
            self._finish(bus_gone=False)  # the portal itself went, and every leave with it

    def _finish(self, *, bus_gone: bool) -> None:
        self._give_up()
        if not self._over and self._path:
            self._over = True
            self._ended(bus_gone)

    def _give_up(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Refused("The desktop's own question at this computer was taken back."))

    def close(self) -> None:
        """Gives the leave back, and takes a question off the screen that is still there."""
        self._over = True
        try:
            self.bus.run(self._take_back(), 2.0)
        except (TimeoutError, LocalProblem, EOFError, OSError, CancelledError):
            pass
        self.bus.close()


def _source(node: int, told: Mapping[str, Any]) -> Source:
    x, y = told["position"].value if "position" in told else (0, 0)
    width, height = told["size"].value if "size" in told else (0, 0)
    return Source(node, int(x), int(y), int(width), int(height), "position" in told)


def _fresh() -> str:
    return f"rs_{secrets.token_hex(8)}"


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _variant(kind: str, value: Any) -> Any:
    from dbus_fast import Variant

    return Variant(kind, value)


def _s(value: str) -> Any:
    return _variant("s", value)


def _u(value: int) -> Any:
    return _variant("u", int(value))


def _b(value: bool) -> Any:
    return _variant("b", value)
