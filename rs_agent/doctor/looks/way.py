"""Looks at the way to the relay: its addresses, the proxy before them, and whether it answers when it is dialled."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import rs_agent
from rs_agent.config import DEFAULT_RELAY
from rs_agent.doctor.facts import Clock, Place, Way
from rs_relay.link import opening
from rs_relay.link.dial import Reached, Relay

KNOCK = 3.0  # seconds for an address to take a connection
ANSWER = 7.0  # seconds for the relay to answer
MOST = 6  # addresses that are knocked at


def see(address: str, proxy: str = "") -> tuple[Way, Clock]:
    """`address`: the relay's, and `proxy`, as the settings have them. Raises UsageError."""
    return asyncio.run(_see(Relay.parse(address, proxy), _built()))


async def _see(relay: Relay, built: float) -> tuple[Way, Clock]:
    (reached, took), (known, places) = await asyncio.gather(_answer(relay), _places(relay.url))
    if reached.proxy:  # which looks the name up, and reaches it, by itself
        known, places = True, ()
    elif reached.port and reached.address:
        there = Place(reached.address, reached.port, True)
        places = (*(place for place in places if (place.address, place.port) != (there.address, there.port)), there)
    way = Way(
        relay.url, relay == Relay.parse(DEFAULT_RELAY), reached.proxy, known, places,
        problem=reached.error, milliseconds=round(took),
    )  # fmt: skip
    return way, Clock(time.time(), moment(reached.date), built)


def _built(program: Path = Path(rs_agent.__file__)) -> float:
    """When this program was made; 0.0 where that is not known (frozen into one file)."""
    try:
        return program.stat().st_mtime
    except OSError:
        return 0.0


def moment(date: str) -> float | None:
    """Unix time of HTTP's Date (RFC 9110 5.6.7); None for what is none."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


async def _answer(relay: Relay) -> tuple[Reached, float]:
    """(the way there, or what is in it; milliseconds until then). Raises UsageError for a proxy that is none."""
    began = time.monotonic()
    return await opening.explore(relay, ANSWER), (time.monotonic() - began) * 1000


async def _places(url: str) -> tuple[bool, tuple[Place, ...]]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(KNOCK):
            found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return False, ()
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))[:MOST]
    answers = await asyncio.gather(*(_listens(address, port) for address in addresses))
    return True, tuple(Place(address, port, said) for address, said in zip(addresses, answers, strict=True))


async def _listens(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(KNOCK):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
