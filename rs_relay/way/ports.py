"""At which ports a relay is looked for, and in which order. Pure.

Networks that are closed to the outside are open at some of these (443 the web, 80 too, 8200 where the operator asked
for it). At each of them TLS is spoken, also at 80: what is not encrypted goes nowhere but to this computer itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from .proxy import is_loopback

OTHERS = (443, 8200, 80)


def ports(url: str, first: int | None = None) -> tuple[int, ...]:
    """Of the relay at `url` (ws:// or wss://): the one that is written, then the others; `first`, where it is known
    to have worked, before them. On this computer itself there is nothing in the way, and so no other port."""
    parts = urlsplit(url)
    own = parts.port or (443 if parts.scheme in ("wss", "https") else 80)
    if parts.scheme in ("ws", "http") or is_loopback(parts.hostname or ""):
        return (own,)
    order = (own, *OTHERS) if first is None else (first, own, *OTHERS)
    return tuple(dict.fromkeys(order))


def at(url: str, port: int) -> str:
    """`url` with that port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}{parts.path}"
