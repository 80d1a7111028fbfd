"""How a relay is got at: at several ports at once, straight or through a proxy; the first that speaks as a relay wins.

    Relay      where it is, and what the settings say of the way there
    open_to    a websocket to it, by whichever way works
    explore    which way that is, or why there is none

Law: redirects are refused, all of them: a relay that sends its clients elsewhere would send their tokens there too.
The token is told to a port other than the relay's own only after a relay has answered there. What another port says is
taken only when the relay's own is silent or no relay: two relays may live on one computer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidProxyStatus, InvalidStatus, ProxyError

from rs_relay.errors import RsError, SignInNeeded, Unreachable, UsageError
from rs_relay.way import finding, tunnel
from rs_relay.way.finding import Found
from rs_relay.way.http import is_page
from rs_relay.way.memory import Memory
from rs_relay.way.ports import at, ports
from rs_relay.way.proxy import DIRECT, NoProxy, Proxy, is_loopback
from rs_relay.way.words import Closed, Why

OPEN_TIMEOUT = 10.0  # seconds to reach the relay
STAGGER = 0.3  # seconds until the next port is tried beside the last
PATIENCE = 3.0  # seconds that another port's answer waits for the relay's own, once that took the connection


@dataclass(frozen=True)
class Relay:
    """Where the relay is, and what is known of the way there.

    `url`: `ws://…` or `wss://…` without a path. `proxy`: the setting; '' leaves it to the environment and the system,
    `direct` is none. `memory`: which port worked."""

    url: str
    proxy: str = field(default="", repr=False, compare=False)  # it may hold a password
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, proxy: str = "", memory: Memory | None = None) -> Relay:
        """Accepts `host`, `host:port` and URLs. Plain `ws` only to this computer itself. Raises UsageError."""
        check_proxy(proxy)
        text = text.strip()
        if not text.rstrip("/").endswith(":"):
            text = text.rstrip("/")
        for web, socket_scheme in (("https://", "wss://"), ("http://", "ws://")):
            if text.startswith(web):
                text = socket_scheme + text.removeprefix(web)
        if "://" not in text:
            text = ("ws://" if is_loopback(urlsplit("//" + text).hostname or "") else "wss://") + text
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError as e:
            raise UsageError("That is not a relay's address.", "For example: wss://relay.example.org:8200") from e
        if parts.scheme not in ("ws", "wss") or not host or parts.query or parts.fragment or parts.username:
            raise UsageError("That is not a relay's address.", "For example: wss://relay.example.org:8200")
        if parts.scheme == "ws" and not is_loopback(host):
            raise UsageError(
                "A relay on another computer must be reached by wss://, never by plain ws://.",
                "The relay's operator gives it a certificate with --tls-cert and --tls-key.",
            )
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path}", proxy, memory or Memory())


def check_proxy(text: str) -> None:
    """Raises UsageError for a setting that names no proxy. '' and `direct` are settings."""
    try:
        if text not in ("", DIRECT):
            Proxy.parse(text)
    except NoProxy as e:
        raise _no_proxy() from e


def _no_proxy() -> UsageError:
    return UsageError(
        "That is not a proxy's address.",
        "For example: http://proxy.example.org:3128, socks5://proxy.example.org, or direct for none.",
    )


@dataclass(frozen=True)
class Try:
    """One port that was dialled: `error` is None where a relay spoke; `seconds` until then."""

    port: int
    error: RsError | None
    seconds: float


@dataclass(frozen=True)
class Reached:
    """Which way a relay was reached, or why not (`error`).

    `address`: the relay's own (an IP), '' behind a proxy, which looks it up itself; `port`: the one that spoke, 0 for
    none; `proxy`: `host:port`, '' for none, never its password; `source`: whose setting that is (settings, environment,
    GNOME, KDE, Windows, WinHTTP, macOS, '' for nobody's); `script`: a proxy script is set, which rs does not read;
    `date`: the relay's clock (HTTP's Date)."""

    error: RsError | None
    tries: tuple[Try, ...]
    address: str = ""
    port: int = 0
    proxy: str = ""
    source: str = ""
    script: bool = False
    date: str = ""


class _Connect(connect):
    """A client connection that goes where it was told to, or nowhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@dataclass
class _Opening:
    """One opening: what it goes by, and what became of each port."""

    relay: Relay
    path: str
    token: str
    options: dict[str, Any]
    found: Found = field(default_factory=Found)
    tries: list[Try] = field(default_factory=list)
    port: int = 0
    taken: asyncio.Event = field(default_factory=asyncio.Event)  # the first port took the connection …
    refused: asyncio.Event = field(default_factory=asyncio.Event)  # … and then it was no relay

    @property
    def place(self) -> str:
        return self.found.proxy.place if self.found.proxy else ""

    async def open(self) -> ClientConnection:
        """Raises RsError."""
        own = ports(self.relay.url)[0]
        host = urlsplit(self.relay.url).hostname or ""
        try:
            if not is_loopback(host):  # it may read files, or ask a program
                self.found = await asyncio.to_thread(finding.find, host, own, self.relay.proxy)
        except NoProxy as e:
            raise _no_proxy() from e
        known = self.relay.memory.recall(self.relay.url, self.place) if len(ports(self.relay.url)) > 1 else None
        order = ports(self.relay.url, known)
        try:
            self.port, connection = await tunnel.race(
                [partial(self._try, port, port == order[0], port == own) for port in order],
                STAGGER, lambda late: late[1].transport.abort(), _final,
            )  # fmt: skip
        except RsError:
            raise
        except ExceptionGroup as e:
            self.relay.memory.keep(self.relay.url, self.place, None)
            raise await self._worded(list(e.exceptions), host) from e
        if len(order) > 1:
            self.relay.memory.keep(self.relay.url, self.place, None if self.port == own else self.port)
        return connection

    async def _try(self, port: int, first: bool, own: bool) -> tuple[int, ClientConnection]:
        began = time.monotonic()
        error: RsError | None = None
        connection = None
        try:
            if self.token and not own:
                stranger = await self._speak(port, "/host", "", first)
                stranger.transport.abort()
            connection = await self._speak(port, self.path, self.token, first)
            if not first and self.taken.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await self.refused.wait()
            return port, connection
        except Exception as e:
            error = _told(e, own)
            if first:
                self.refused.set()
            raise error from e
        except BaseException:
            if connection:
                connection.transport.abort()
            error = Unreachable("The relay does not answer.")
            raise
        finally:
            self.tries.append(Try(port, error, time.monotonic() - began))

    async def _speak(self, port: int, path: str, token: str, first: bool) -> ClientConnection:
        url = at(self.relay.url, port)
        host = urlsplit(url).hostname or ""
        proxy = self.found.proxy
        options = dict(self.options)
        async with asyncio.timeout(OPEN_TIMEOUT):
            if proxy and proxy.kind == "https":
                options["proxy"] = _spelt(proxy)
            else:
                options["proxy"] = None
                reaching = tunnel.through(proxy, host, port) if proxy else tunnel.connect(host, port)
                options["sock"] = await reaching
            if first:
                self.taken.set()
            try:
                return await _Connect(
                    url + path,
                    additional_headers={"Authorization": f"Bearer {token}"} if token else {},
                    compression=None,
                    user_agent_header=None,
                    open_timeout=OPEN_TIMEOUT,
                    close_timeout=1,
                    **options,
                )
            except BaseException:
                if "sock" in options:
                    options["sock"].close()
                raise

    async def _worded(self, errors: list[Exception], host: str) -> RsError:
        """Of what went wrong at each port the one that tells most."""
        ranked = [e for e in errors if isinstance(e, _Shut)]
        told = max(ranked, key=lambda e: e.rank, default=None)
        if told is None:
            return Unreachable("The relay cannot be reached.")
        if told.rank <= Why.INSPECTED and not self.place and not is_loopback(host):
            if await tunnel.log_in_page(host):
                return _Shut(Why.LOGIN_PAGE)
            if told.rank <= Why.NO_NAME and self.found.script:
                return _Shut(Why.SCRIPT)
        return told


class _Shut(Unreachable):
    """No way through, in the words for it; `rank` as in Why, of an answer that is no relay's just above a silence."""

    def __init__(self, why: Why, sentence: str = "", hint: str = "") -> None:
        super().__init__(sentence or Closed(why).sentence, hint or Closed(why).hint)
        self.rank = why


def _final(error: BaseException) -> bool:
    """No other port can change that: the relay has spoken, or the proxy wants to know who asks."""
    return not (isinstance(error, _Shut) and error.rank < Why.NOT_KNOWN_HOW)


def _told(error: Exception, own: bool) -> RsError:
    """What an opening met, as the error for it; `own`: at the relay's own port. What else lives at the other ports is
    nobody's business, but for what the network has put in the way."""
    match error:
        case InvalidStatus(response=response):
            if (
                is_page(response.status_code, response.headers.get("Content-Type", ""), "")
                or 300 <= response.status_code < 400
            ):
                return _Shut(Why.LOGIN_PAGE if own else Why.UNREACHABLE)
            return _refused(response.status_code) if own else _Shut(Why.UNREACHABLE)
        case InvalidProxyStatus(response=response):
            return _Shut(Why.WANTS_NAME if response.status_code == 407 else Why.PROXY_FORBIDS)
        case ProxyError():
            return _Shut(Why.PROXY_BROKE)
        case OSError() | TimeoutError() | InvalidHandshake() | EOFError():
            why = tunnel.closed(error)
            return _Shut(why if own or why >= Why.INSPECTED else Why.UNREACHABLE)
    raise error


def _spelt(proxy: Proxy) -> str:
    named = f"{quote(proxy.user, safe='')}:{quote(proxy.password, safe='')}@" if proxy.user else ""
    return f"{proxy.kind}://{named}{proxy.place}"


async def open_to(relay: Relay, path: str, token: str = "", **options: Any) -> ClientConnection:
    """Raises SignInNeeded, Unreachable, UsageError. `options`: for `websockets`."""
    return await _Opening(relay, path, token, options).open()


def _refused(status: int) -> RsError:
    if status in (401, 403):
        return SignInNeeded("The relay does not accept this sign-in.")
    if status in (429, 503):
        return Unreachable("The relay is busy.", "Try again in a minute.")
    return _Shut(Why.NO_TLS, f"There is no rs relay at that address (it answered {status}).", Unreachable.default_hint)


async def explore(relay: Relay, seconds: float = 2 * OPEN_TIMEOUT) -> Reached:
    """Which way the relay is reached now, as every other dial would reach it; it is told nothing and left at once. What
    goes wrong is in the answer. Raises UsageError for a proxy setting that is none."""
    way = _Opening(relay, "/host", "", {"ping_interval": None})
    error: RsError | None = None
    address = date = ""
    try:
        async with asyncio.timeout(seconds):
            connection = await way.open()
        date = connection.response.headers.get("Date", "") if connection.response else ""
        address = "" if way.place else str(connection.remote_address[0])
        await connection.close()
    except UsageError:
        raise
    except TimeoutError:
        error = Unreachable("The relay does not answer.")
    except RsError as e:
        error = e
    return Reached(error, tuple(way.tries), address, way.port, way.place, way.found.source, way.found.script, date)
