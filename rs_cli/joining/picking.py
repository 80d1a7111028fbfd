"""Which device a name means."""

from __future__ import annotations

from collections.abc import Sequence

from rs_relay.errors import NoSuchSession, UsageError
from rs_relay.text import printable
from rs_relay.wire.messages import Device

SHORT = 8  # digits of a device's id that people are shown


def pick(wanted: str, devices: Sequence[Device]) -> Device:
    """By name, GROUP/NAME, or the first digits of its id (four at the least). Names that differ in case only are told
    apart where one is written exactly so. Raises NoSuchSession, and UsageError where it may be several."""
    exact = [d for d in devices if wanted in (d.name, f"{d.group}/{d.name}", d.host)]
    if len(exact) == 1:
        return exact[0]
    low = wanted.casefold()
    found = exact or [d for d in devices if low in (d.name.casefold(), f"{d.group}/{d.name}".casefold())]
    found = found or [d for d in devices if len(low) >= 4 and d.host.startswith(low)]
    if not found:
        raise NoSuchSession("You have no device of that name.", "`rs devices list` shows them.")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} of your devices are called that.",
            "Say which: " + ", ".join(f"{d.host[:SHORT]} ({place(d)})" for d in found[:8]) + ".",
        )
    return found[0]


def place(device: Device) -> str:
    """Group and name, as a person is shown them."""
    name = printable(device.name, 64)
    return f"{printable(device.group, 32)}/{name}" if device.group else name
