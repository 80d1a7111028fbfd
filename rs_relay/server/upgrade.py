"""From the first bytes of a socket to a websocket, or to one plain answer. Pure.

The head of the request is cut off before anything reads it (at most 16 KiB, up to the first empty line), so that no
byte behind it is taken for a frame by one parser and left to another. `websockets` judges the upgrade itself: method,
version, key, and that there is no Origin at all (a browser's page has nothing to look for here, ASVS 4.4.2). No
extension is ever accepted: what is carried is ciphertext, and compression is memory and an oracle.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from http import HTTPStatus

from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request
from websockets.server import ServerProtocol

from rs_relay.server.config import Network

# What websockets would log holds the Authorization header.
_silent = logging.getLogger("rs_relay.websockets")
_silent.setLevel(logging.CRITICAL)
_silent.propagate = False

PATHS = ("/host", "/control", "/link")
HEALTH = "/healthz"


class Head:
    """Collects the head of a request."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = bytearray()

    def add(self, data: bytes) -> tuple[bytes, bytes] | None:
        """(head, what follows it), or None if there is more to come. Raises ValueError when it is too long."""
        start = max(0, len(self._data) - 3)
        self._data += data
        at = self._data.find(b"\r\n\r\n", start)
        if (len(self._data) if at < 0 else at) > self._limit:
            raise ValueError("the head of the request is too long")
        if at < 0:
            return None
        return bytes(self._data[: at + 4]), bytes(self._data[at + 4 :])


def new_protocol(message_limit: int) -> ServerProtocol:
    return ServerProtocol(origins=[None], max_size=message_limit, logger=_silent)


def read_request(protocol: ServerProtocol, head: bytes) -> Request | None:
    """None if it is not a request."""
    protocol.receive_data(head)
    for event in protocol.events_received():
        if isinstance(event, Request):
            return event
    return None


def bearer(request: Request) -> str:
    """The token of `Authorization: Bearer TOKEN`, or ''."""
    try:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    except MultipleValuesError:
        return ""
    return token.strip() if scheme.lower() == "bearer" else ""


def client_address(peer: str, request: Request, trusted: Sequence[Network]) -> str:
    """Who asks. X-Forwarded-For counts only from a trusted proxy, and then only its right-most hop that is none."""
    if not trusted or not _within(peer, trusted):
        return peer
    hops = ",".join(request.headers.get_all("X-Forwarded-For")).split(",")
    for hop in reversed([h.strip() for h in hops if h.strip()]):
        address = hop.removeprefix("[").removesuffix("]")
        if not _is_address(address):
            return peer
        if not _within(address, trusted):
            return address
    return peer


def answer(status: HTTPStatus, body: bytes, content_type: str = "text/plain; charset=utf-8", extra: str = "") -> bytes:
    """A whole HTTP answer, after which the socket closes."""
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {content_type}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{extra}\r\n"
    ).encode() + body


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
