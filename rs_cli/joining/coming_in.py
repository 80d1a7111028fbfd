"""At a device: from its access code to a session in the book. Commands and the TUI share it."""

from __future__ import annotations

from rs_cli.joining import pairing
from rs_cli.session.connector import Connector
from rs_cli.state import known_devices
from rs_cli.state.book import Book, Entry
from rs_relay.errors import NoSuchSession, UsageError
from rs_relay.link.verifier import plain
from rs_relay.wire.messages import Device


def pin_of(device: Device) -> bytes:
    """The key that it must have. Raises NoSuchSession where this computer knows none: nothing is sent to it then."""
    pin = known_devices.pins().get(device.host)
    if pin is None:
        raise NoSuchSession(
            "The key of that device is not known on this computer, so nobody could tell another from it.",
            "`rs devices add ADDRESS` with what `rs-agent unattended status` shows there.",
        )
    return bytes.fromhex(pin.key)


async def come_in(connector: Connector, device: Device, access_code: str, relay: str, book: Book) -> Entry:
    """Raises WrongCode, Unreachable, PeerBroke for another device in its place, SessionEnded when it turns us away."""
    pin, code = pin_of(device), plain(access_code)
    if not code:
        raise UsageError("No access code was given.")
    return await pairing.keep(await connector.visit(device.host, code, known_devices.me(), pin), relay, book)
