"""What is said to a proxy before it lets bytes through. Pure: a generator of steps, driven by whoever has the socket.

Each step says what to send and what to wait for: so many bytes, a whole HTTP head, or nothing; `anew` is a new
connection to the proxy first. The generator returns when the way is open, and raises Closed when there is none.

Decided against: python-socks, which `websockets` would use. It is loaded by everybody who loads `websockets`, and
fetched by every customer, for the hundred lines here; and neither knows Digest.
"""

from __future__ import annotations

from collections.abc import Generator

from .http import connect
from .proxy import Proxy
from .socks import socks4, socks5
from .step import Step


def greeting(proxy: Proxy, host: str, port: int) -> Generator[Step, bytes, None]:
    """To be let through to `host`:`port`."""
    if proxy.kind in ("http", "https"):
        return connect(proxy, host, port)
    return socks5(proxy, host, port) if proxy.kind == "socks5" else socks4(proxy, host, port)
