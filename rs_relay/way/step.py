"""One step of a greeting: what to send, and what to wait for before the next."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = -1  # wait for all of an HTTP head
MOST = 16 * 1024  # bytes of a head: as much as web servers take


@dataclass(frozen=True)
class Step:
    send: bytes
    wait: int  # bytes, or HEAD
    anew: bool = False  # on a new connection to the proxy
