"""One file from a relay, without asyncio's loop: what a downloaded agent fetches the rest of itself by.

It goes where the agent goes (`rs_relay.link.opening`): the same ports, the same proxy, the same log-in. A blocking
driver, because an import that finds its module missing waits for it, mostly in the middle of a running loop.

Law: redirects are refused. What another port than the relay's own says is taken only where it is a file of the right
size; whether it is the file, its hash tells the caller.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 a thread's getaddrinfo wants it, and a finder has Python's lock for imports meanwhile
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from .finding import Found, find
from .greeting import greeting
from .http import is_page
from .ports import at, ports
from .proxy import NoProxy, Proxy
from .step import HEAD, MOST
from .tunnel import closed
from .words import Closed, Why

STAGGER = 0.3  # seconds until the next port is tried beside the last
PATIENCE = 10.0  # seconds for a connection, and for each answer of a proxy
SILENCE = 30.0  # seconds without a byte of a file
CHUNK = 64 * 1024


class Fetcher:
    """`url`: the relay's, `https://…`, on this computer itself also `http://…`; `chosen`: rs's own setting of a proxy,
    '' for none, `direct` for no proxy."""

    def __init__(self, url: str, chosen: str = "") -> None:
        self._url, self._chosen = url, chosen
        self._port: int | None = None  # what worked

    def get(self, path: str, size: int, came: Callable[[int], None] = lambda more: None) -> bytes:
        """The file at `path`, at most one byte more than its `size`; `came` is told of bytes as they arrive. Raises
        Closed."""
        answer = self._answer(path, size)
        data = bytearray()
        try:
            while len(data) <= size and (chunk := answer.read1(CHUNK)):
                data += chunk
                came(len(chunk))
        except (OSError, HTTPException) as e:
            raise Closed(Why.UNREACHABLE) from e
        finally:
            answer.close()
        if len(data) < size:
            raise Closed(Why.UNREACHABLE)
        return bytes(data)

    @cached_property
    def _found(self) -> Found:
        parts = urlsplit(self._url)
        try:
            return find(parts.hostname or "", ports(self._url)[0], self._chosen)
        except NoProxy:
            raise Closed(Why.PROXY_BROKE) from None

    def _answer(self, path: str, size: int) -> HTTPResponse:
        """Of the first port that has the file; each is tried a little after the one before, or once that has failed."""
        proxy = self._found.proxy
        left = list(ports(self._url, self._port))
        heard: queue.SimpleQueue[tuple[int, HTTPResponse | Closed]] = queue.SimpleQueue()
        over = threading.Event()
        errors: list[Closed] = []
        running = 0

        def attempt(port: int) -> None:
            try:
                answer: HTTPResponse | Closed = self._ask(port, path, size, proxy)
            except Closed as e:
                answer = e
            if over.is_set() and isinstance(answer, HTTPResponse):
                answer.close()
            heard.put((port, answer))

        try:
            while left or running:
                if left:
                    threading.Thread(target=attempt, args=[left.pop(0)], daemon=True).start()
                    running += 1
                try:
                    port, answer = heard.get(timeout=STAGGER if left else None)
                except queue.Empty:
                    continue
                running -= 1
                if isinstance(answer, HTTPResponse):
                    self._port = port
                    return answer
                errors.append(answer)
                if answer.why >= Why.NOT_KNOWN_HOW:
                    break  # no other port changes what a proxy wants to know
        finally:
            over.set()
        told = max(errors, key=lambda e: e.why)
        raise Closed(Why.SCRIPT) if self._found.script and told.why <= Why.NO_NAME else told

    def _ask(self, port: int, path: str, size: int, proxy: Proxy | None) -> HTTPResponse:
        own = port == ports(self._url)[0]
        parts = urlsplit(at(self._url, port))
        host = parts.hostname or ""
        try:
            one = through(proxy, host, port) if proxy else _connect(host, port)
            try:
                return _get(one, parts.scheme, host, port, parts.path + path, size, own)
            except BaseException:
                one.close()
                raise
        except (OSError, HTTPException) as e:
            why = closed(e)
            raise Closed(why if own or why >= Why.INSPECTED else Why.UNREACHABLE) from e


def _get(one: socket.socket, scheme: str, host: str, port: int, path: str, size: int, own: bool) -> HTTPResponse:
    asking: HTTPConnection
    if scheme == "https":
        asking = HTTPSConnection(host, port)
        asking.sock = ssl.create_default_context().wrap_socket(one, server_hostname=host)
    else:
        asking = HTTPConnection(host, port)
        asking.sock = one
    asking.auto_open = 0  # no way but this one
    asking.sock.settimeout(SILENCE)
    asking.request("GET", path, headers={"Connection": "close"})
    answer = asking.getresponse()
    if answer.status == 200 and (answer.length == size or (own and answer.length is None)):
        return answer
    answer.close()
    page = is_page(answer.status, answer.getheader("Content-Type", ""), answer.getheader("Location", ""))
    raise Closed(Why.LOGIN_PAGE if own and page else Why.UNREACHABLE)


def through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A connection to `host`:`port` by way of `proxy` (not one of kind https, to which TLS itself would be spoken).
    Raises Closed."""
    if proxy.kind == "https":
        raise Closed(Why.UNREACHABLE)
    steps = greeting(proxy, host, port)
    one = _to(proxy)
    try:
        step = next(steps)
        while True:
            if step.anew:
                one.close()
                one = _to(proxy)
            one.sendall(step.send)
            heard = _hear(one, step.wait)
            try:
                step = steps.send(heard)
            except StopIteration:
                return one
    except OSError as e:
        one.close()
        if isinstance(e, Closed):
            raise
        raise Closed(Why.PROXY_AWAY if isinstance(e, TimeoutError) else Why.PROXY_BROKE) from e


def _to(proxy: Proxy) -> socket.socket:
    try:
        return _connect(proxy.host, proxy.port)
    except Closed:
        raise Closed(Why.PROXY_AWAY) from None


def _connect(host: str, port: int) -> socket.socket:
    try:
        return socket.create_connection((host, port), PATIENCE)
    except (socket.gaierror, UnicodeError):
        raise Closed(Why.NO_NAME) from None
    except OSError:
        raise Closed(Why.UNREACHABLE) from None


def _hear(one: socket.socket, wait: int) -> bytes:
    """`wait` bytes, or a whole head without its empty line."""
    heard = b""
    while len(heard) < wait if wait != HEAD else b"\r\n\r\n" not in heard:
        more = one.recv(MOST if wait == HEAD else wait - len(heard))
        heard += more
        if not more or len(heard) > MOST + 4:
            raise Closed(Why.PROXY_BROKE)
    return heard.partition(b"\r\n\r\n")[0] if wait == HEAD else heard
