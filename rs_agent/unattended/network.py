"""The network cards of this computer, and a packet into their networks that wakes another one."""

from __future__ import annotations

import re
import socket

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
NOBODY = "00:00:00:00:00:00"
DISCARD = 9  # the port that wake-on-LAN is usually sent to: whoever is awake throws it away


def macs() -> tuple[str, ...]:
    """aa:bb:cc:dd:ee:ff of each card that is up or could be woken, in order of their names; a loopback has none."""
    import psutil  # 15 ms that an agent need not pay at its start

    found = []
    for _, addresses in sorted(psutil.net_if_addrs().items()):
        for address in addresses:
            mac = address.address.lower().replace("-", ":")
            if address.family == psutil.AF_LINK and _MAC.fullmatch(mac) and mac != NOBODY:
                found.append(mac)
    return tuple(dict.fromkeys(found))


def broadcasts() -> tuple[str, ...]:
    """The broadcast address of each network that this computer is in (IPv4)."""
    import psutil

    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        address.broadcast
        for name, addresses in sorted(psutil.net_if_addrs().items())
        for address in addresses
        if name in up and address.family == socket.AF_INET and address.broadcast
    ]
    return tuple(dict.fromkeys(found))


def wake(mac: str, networks: tuple[str, ...] | None = None, port: int = DISCARD) -> int:
    """Send the magic packet (six times 0xFF, sixteen times the address) into each network; how many took it."""
    packet = b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16
    taken = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for network in broadcasts() if networks is None else networks:
            try:
                out.sendto(packet, (network, port))
            except OSError:
                continue  # a network that is down now, or forbids it
            taken += 1
    return taken
