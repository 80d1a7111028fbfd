"""Looks at the way to the relay: its addresses, the proxy before them, and whether it answers when it is dialled."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from websockets.proxy import get_proxy
from websockets.uri import parse_uri

import rs_agent
from rs_agent.config import DEFAULT_RELAY
from rs_agent.doctor.facts import Clock, Place, Way
from rs_relay.errors import RsError, Unreachable
from rs_relay.link import dial
from rs_relay.link.dial import Relay

KNOCK = 3.0  # seconds for an address to take a connection
ANSWER = 7.0  # seconds for the relay to answer
MOST = 6  # addresses that are knocked at


def see(address: str) -> tuple[Way, Clock]:
    """`address`: the relay's, as the settings have it. Raises UsageError."""
    return asyncio.run(_see(Relay.parse(address), _built()))


def _built(program: Path = Path(rs_agent.__file__)) -> float:
    """When this program was made; 0.0 where that is not known (frozen into one file)."""
    try:
        return program.stat().st_mtime
    except OSError:
        return 0.0


async def _see(relay: Relay, built: float) -> tuple[Way, Clock]:
    proxy = proxy_of(relay.url)
    answer = asyncio.create_task(_answer(relay))
    known, places = await _places(relay.url) if not proxy else (True, ())
    problem, date, took = await answer
    way = Way(
        relay.url, relay == Relay.parse(DEFAULT_RELAY), proxy, known, places, problem=problem, milliseconds=round(took)
    )
    return way, Clock(time.time(), moment(date), built)


def proxy_of(url: str) -> str:
    """`host:port` of the proxy before `url`, as the dialling finds it; '' for none. Never the password it may take."""
    found = get_proxy(parse_uri(url))
    parts = urlsplit(found) if found else None
    if parts is None or not parts.hostname:
        return ""
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def moment(date: str) -> float | None:
    """Unix time of HTTP's Date (RFC 9110 5.6.7); None for what is none."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


async def _answer(relay: Relay) -> tuple[RsError | None, str, float]:
    """(what went wrong, the time it says it is, milliseconds until then)."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER):
            date = await dial.look(relay)
    except TimeoutError:
        return Unreachable("The relay does not answer."), "", ANSWER * 1000
    except RsError as e:
        return e, "", (time.monotonic() - began) * 1000
    return None, date, (time.monotonic() - began) * 1000


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
