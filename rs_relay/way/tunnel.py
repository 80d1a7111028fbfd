"""A TCP connection to a relay, straight or through a proxy, and the first of several tries that works (asyncio).

Law: a socket that is handed out is connected, non-blocking and the caller's; every other one is closed.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from .greeting import greeting
from .http import REDIRECTS, head
from .proxy import Proxy
from .step import HEAD, MOST
from .words import Closed, Why

BETWEEN_ADDRESSES = 0.25  # seconds before the next address is tried beside the last (RFC 8305, 5)
ADDRESSES = 6
SECONDS = 8.0  # for all that a proxy has to do: sooner than the opening as a whole gives up
PAGE = 3.0  # seconds for a log-in page to show itself

T = TypeVar("T")


async def race(
    tries: Sequence[Callable[[], Awaitable[T]]],
    stagger: float,
    lose: Callable[[T], object] = lambda late: None,
    ends: Callable[[BaseException], bool] = lambda error: False,
) -> T:
    """The result of the first try that works; each begins `stagger` seconds after the one before, or as soon as one
    has failed. What comes later is given to `lose`. Raises what all raised, an ExceptionGroup in their order; an error
    that `ends` it is raised at once, alone."""
    running: list[asyncio.Task[T]] = []
    waiting = list(tries)
    try:
        while True:
            if waiting:
                running.append(asyncio.ensure_future(_begin(waiting.pop(0))))
            while True:
                pending = [task for task in running if not task.done()]
                if pending:
                    timeout = stagger if waiting else None
                    await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                for task in running:
                    if task.done() and ((error := _error(task)) is None or ends(error)):
                        running.remove(task)
                        return task.result()  # or raises
                if waiting:
                    break
                if all(task.done() for task in running):
                    raise ExceptionGroup("no try worked", [_error(task) or Closed(Why.UNREACHABLE) for task in running])
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if not isinstance(late, BaseException):
                lose(late)


async def _begin(what: Callable[[], Awaitable[T]]) -> T:
    return await what()


def _error(task: asyncio.Task[T]) -> Exception | None:
    error = Closed(Why.UNREACHABLE) if task.cancelled() else task.exception()
    if error is None or isinstance(error, Exception):
        return error
    raise error


async def connect(host: str, port: int) -> socket.socket:
    """To the first of the host's addresses that answers, of both families in turn (RFC 8305). Raises Closed."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Closed(Why.NO_NAME) from None
    places = in_turn(list(dict.fromkeys((family, address) for family, _, _, _, address in found)))[:ADDRESSES]
    try:
        return await race([partial(_connect, *place) for place in places], BETWEEN_ADDRESSES, socket.socket.close)
    except ExceptionGroup:
        raise Closed(Why.UNREACHABLE) from None


def in_turn(places: list[tuple[int, tuple[object, ...]]]) -> list[tuple[int, tuple[object, ...]]]:
    """The families in turn, beginning with the one that the system put first."""
    families = list(dict.fromkeys(family for family, _ in places))
    each = [[place for place in places if place[0] == family] for family in families]
    return [place for row in itertools.zip_longest(*each) for place in row if place is not None]


async def _connect(family: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(one, address)
    except BaseException:
        one.close()
        raise
    return one


async def through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A connection to `host`:`port` by way of `proxy` (not one of kind https). Raises Closed."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _through(proxy, host, port)
    except TimeoutError:
        raise Closed(Why.PROXY_AWAY) from None


async def _through(proxy: Proxy, host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    steps = greeting(proxy, host, port)
    one = await _to(proxy)
    try:
        step = next(steps)
        while True:
            if step.anew:
                one.close()
                one = await _to(proxy)
            await loop.sock_sendall(one, step.send)
            heard = await _hear(one, step.wait)
            try:
                step = steps.send(heard)
            except StopIteration:
                return one
    except OSError as e:
        one.close()
        raise e if isinstance(e, Closed) else Closed(Why.PROXY_BROKE) from e
    except BaseException:
        one.close()
        raise


async def _to(proxy: Proxy) -> socket.socket:
    try:
        return await connect(proxy.host, proxy.port)
    except Closed:
        raise Closed(Why.PROXY_AWAY) from None


async def _hear(one: socket.socket, wait: int) -> bytes:
    """`wait` bytes, or a whole head without its empty line. Nobody speaks behind a proxy before we do: what follows a
    head is the page of a refusal, which nobody reads."""
    loop = asyncio.get_running_loop()
    heard = b""
    while len(heard) < wait if wait != HEAD else b"\r\n\r\n" not in heard:
        more = await loop.sock_recv(one, MOST if wait == HEAD else wait - len(heard))
        heard += more
        if not more or len(heard) > MOST + 4:
            raise Closed(Why.PROXY_BROKE)
    return heard.partition(b"\r\n\r\n")[0] if wait == HEAD else heard


def closed(error: BaseException) -> Why:
    """Why that error of a dial stood in the way."""
    if isinstance(error, Closed):
        return error.why
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate(error.verify_code)
    return Why.NO_TLS if isinstance(error, ssl.SSLError) else Why.UNREACHABLE


def certificate(code: int) -> Why:
    """OpenSSL's X509_V_ERR_…: 9, 10 times; 62, 64 the name; 18 to 21 and 2 nobody known signed it."""
    if code in (9, 10):
        return Why.CERTIFICATE
    return Why.CERTIFICATE_NAME if code in (62, 64) else Why.INSPECTED


async def log_in_page(host: str) -> bool:
    """Whether a network asks its user to log in before anything else: it answers a page that is not encrypted in the
    host's place. Nothing of ours is said; a host sends elsewhere only to itself."""
    try:
        async with asyncio.timeout(PAGE):
            one = await connect(host, 80)
            try:
                request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
                await asyncio.get_running_loop().sock_sendall(one, request)
                answer = head(await _hear(one, HEAD))
            finally:
                one.close()
    except (OSError, TimeoutError):
        return False
    elsewhere = (urlsplit(answer.one("location")).hostname or host).lower()
    ours = elsewhere.endswith(host.lower()) or host.lower().endswith(elsewhere)
    return answer.status == 511 or (answer.status in REDIRECTS and not ours)
