"""An xdg-desktop-portal without a desktop, on a D-Bus of its own: answers as it is told, and keeps what it was asked.

with bus_of_its_own() as address, FakePortal(address) as portal:
    portal.say(streams=[(42, 0, 0, 640, 480)], devices=3, token="t1")
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from dbus_fast import Message, MessageType, Variant

from rs_relay.portal.bus import PLACE, PORTAL, Bus

DBUS = "org.freedesktop.DBus"
RIGHT, CANCELLED, OTHERWISE, SILENT = 0, 1, 2, -1


@contextlib.contextmanager
def bus_of_its_own() -> Iterator[str]:
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().decode().strip()
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()


class FakePortal:
    """`asked`: (method, its arguments without the session) in order."""

    def __init__(self, address: str, *, screens: int = 5, hands: int = 2, pointers: int = 7, devices: int = 3) -> None:
        self.versions = {"ScreenCast": screens, "RemoteDesktop": hands, "Clipboard": 0}
        self.offers = {"AvailableCursorModes": pointers, "AvailableDeviceTypes": devices}
        self.asked: list[tuple[str, Any]] = []
        self.closed: list[str] = []
        self.session = ""
        self.code = RIGHT
        self.results: dict[str, Variant] = {}
        self._answers_to = ""
        self._bus = Bus(address=address)
        self._bus._bus.add_message_handler(self._message)
        self._bus.run(self._bus.call(DBUS, "RequestName", "su", [PORTAL, 4], place="/", to=DBUS), 5)
        self.say()

    def say(
        self, code: int = RIGHT, streams: tuple[tuple[int, int, int, int, int], ...] = ((42, 0, 0, 640, 480),),
        devices: int = 3, token: str = "",
    ) -> None:  # fmt: skip
        """What the person does when asked."""
        self.code = code
        told = [
            [node, {"position": Variant("(ii)", [x, y]), "size": Variant("(ii)", [w, h])}]
            for node, x, y, w, h in streams
        ]
        self.results = {"streams": Variant("a(ua{sv})", told), "devices": Variant("u", devices)}
        if token:
            self.results["restore_token"] = Variant("s", token)

    def _message(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        name, body = str(message.member), message.body
        if name == "Get":
            return self._property(message, *body)
        if name == "Close":
            self.closed.append(str(message.path))
            return Message.new_method_return(message)
        self.asked.append((name, body if name == "CreateSession" else body[1:]))
        if name == "OpenPipeWireRemote":
            ours, theirs = os.pipe()
            os.close(ours)
            return Message.new_method_return(message, "h", [0], [theirs])
        if name.startswith("Notify"):
            return Message.new_method_return(message)
        return self._request(message, name, body[-1])

    def _property(self, message: Message, interface: str, name: str) -> Message:
        version = self.versions.get(interface.rsplit(".", 1)[-1], 0)
        value = version if name == "version" else self.offers[name]
        if not version:
            return Message.new_error(message, f"{DBUS}.Error.InvalidArgs", "No such interface")
        return Message.new_method_return(message, "v", [Variant("u", value)])

    def _request(self, message: Message, name: str, options: dict[str, Variant]) -> Message:
        sender = str(message.sender).removeprefix(":").replace(".", "_")
        path = f"{PLACE}/request/{sender}/{options['handle_token'].value}"
        code, results = RIGHT, {}
        if name == "CreateSession":
            self.session = f"{PLACE}/session/{sender}/{options['session_handle_token'].value}"
            results = {"session_handle": Variant("s", self.session)}
        elif name == "Start":
            code, results = self.code, self.results
        if code != SILENT:
            self._bus.loop.call_soon(
                self._signal, path, "org.freedesktop.portal.Request", "Response", "ua{sv}", [code, results]
            )
        return Message.new_method_return(message, "o", [path])

    def _signal(self, path: str, interface: str, name: str, signature: str = "", body: list[Any] | None = None) -> None:
        self._bus._bus.send(
            Message(
                message_type=MessageType.SIGNAL, path=path, interface=interface, member=name, signature=signature,
                body=body or [],
            )
        )  # fmt: skip

    def stop(self) -> None:
        """The person stops it in the desktop's own panel."""
        self._bus.loop.call_soon_threadsafe(self._signal, self.session, "org.freedesktop.portal.Session", "Closed")

    def options(self, name: str) -> dict[str, Any]:
        """What `name` was last called with, as plain values."""
        body = next(body for asked, body in reversed(self.asked) if asked == name)
        return {key: variant.value for key, variant in body[-1].items()}

    def __enter__(self) -> FakePortal:
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.close()


def wait(true: Any, what: str, patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.01)
