"""Connecting and listening, for whichever end does it: errors become a `Why` and a sentence for a person.

Names are resolved in threads of this room's own, so that a name server that does not answer holds up nothing else of
the program. Each address of a name gets its turn, and a few seconds when there are others behind it.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from rs_relay.channels.tunnel import MAX_HOST, Why
from rs_relay.errors import PeerBroke

RESOLVING = 10.0  # seconds
CONNECTING = 15.0  # seconds, all addresses together
EACH = 5.0  # seconds for an address that is not the last
BACKLOG = 512  # all that there may be at once: who finds no place is tried for again only after a second

_resolvers: list[ThreadPoolExecutor] = []

_BY_ERRNO = {
    errno.ECONNREFUSED: (Why.REFUSED, "The connection was refused."),
    errno.ENETUNREACH: (Why.NETWORK, "The network cannot be reached."),
    errno.EHOSTUNREACH: (Why.HOST, "The host cannot be reached."),
    errno.EADDRNOTAVAIL: (Why.NETWORK, "There is no way to that address from there."),
    errno.ETIMEDOUT: (Why.TIMEOUT, "There was no answer."),
    errno.EACCES: (Why.DENIED, "The system does not allow that connection."),
    errno.EPERM: (Why.DENIED, "The system does not allow that connection."),
    errno.ENOENT: (Why.NAME, "There is no such socket."),
}


@dataclass(frozen=True)
class Place:
    """Where a connection goes, or where one is waited for: a host and port, or a Unix socket's path."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NoConnection(Exception):
    """`why` for a program, `text` for a person."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why, self.text = why, text


def check(host: str, port: int, path: str) -> Place:
    """A place that the other end named. Raises PeerBroke for what is none."""
    if path:
        if host or port or len(path) > MAX_HOST or "\0" in path:
            raise PeerBroke("The other end asked for a connection to no place at all.")
    elif not host or len(host) > MAX_HOST or not 0 < port < 65536 or any(c <= " " or c == "\x7f" for c in host):
        raise PeerBroke("The other end asked for a connection to no place at all.")
    return Place(host, port, path)


async def connect(place: Place, make: Callable[[], asyncio.Protocol]) -> None:
    """A protocol of `make`'s, connected to `place`. Raises NoConnection."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECTING):
            if place.path:
                if not hasattr(socket, "AF_UNIX"):
                    raise NoConnection(Why.FAILED, "That system has no Unix sockets.")
                await loop.create_unix_connection(make, place.path)
                return
            addresses = await _addresses(place.host)
            for address in addresses:
                limit = None if address == addresses[-1] else EACH
                try:
                    async with asyncio.timeout(limit):
                        await loop.create_connection(make, address, place.port)
                        return
                except (OSError, TimeoutError):
                    if address == addresses[-1]:
                        raise
    except TimeoutError:
        raise NoConnection(Why.TIMEOUT, "There was no answer.") from None
    except OSError as error:
        raise refusal(error) from None


def refusal(error: OSError) -> NoConnection:
    why, text = _BY_ERRNO.get(error.errno or 0, (Why.FAILED, ""))
    return NoConnection(why, text or f"{os.strerror(error.errno) if error.errno else 'The connection failed'}.")


class Listener:
    """One port, on each of some addresses."""

    def __init__(self, port: int, servers: Sequence[asyncio.Server]) -> None:
        self.port, self._servers = port, servers

    def close(self) -> None:
        """Nobody else is let in; who is in stays."""
        for server in self._servers:
            server.close()


async def listen(hosts: Sequence[str], port: int, make: Callable[[], asyncio.Protocol]) -> Listener:
    """On `port` of each of `hosts` (addresses): the same port everywhere, one that is free for 0. An address that this
    computer does not have is left out, if there is another. Raises OSError."""
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    try:
        for host in hosts:
            try:
                sockets.append(_bound(host, port))
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                failed = error
                continue
            port = sockets[-1].getsockname()[1]
        if not sockets:
            raise failed or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        loop = asyncio.get_running_loop()
        return Listener(port, [await loop.create_server(make, sock=each, backlog=BACKLOG) for each in sockets])
    except BaseException:
        for each in sockets:
            each.close()
        raise


async def listen_at(path: str, make: Callable[[], asyncio.Protocol]) -> Listener:
    """On a Unix socket that only this user may open. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            made.bind(path)
        finally:
            os.umask(before)
        return Listener(0, [await asyncio.get_running_loop().create_unix_server(make, sock=made, backlog=BACKLOG)])
    except BaseException:
        made.close()
        raise


def loopback(host: str) -> bool:
    """Whether `host` is an address that only programs of the same computer reach."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host in ("", "localhost")


def addresses_of(host: str) -> tuple[str, ...]:
    """The addresses to listen on for what a person writes: '' and 'localhost' are all of the loopback, '*' is all."""
    match host:
        case "" | "localhost":
            return ("127.0.0.1", "::1")
        case "*":
            return ("0.0.0.0", "::")
        case _:
            return (host,)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let a second program take the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made


async def _addresses(host: str) -> list[str]:
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    if not _resolvers:
        _resolvers.append(ThreadPoolExecutor(8, "rs-names"))
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVING):
            found = await loop.run_in_executor(_resolvers[0], _resolve, host)
    except TimeoutError:
        raise NoConnection(Why.NAME, "The name could not be resolved in time.") from None
    if not found:
        raise NoConnection(Why.NAME, "There is no host of that name.")
    return found


def _resolve(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))
