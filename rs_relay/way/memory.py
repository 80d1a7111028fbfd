"""Which port of a relay let us through from this network, so that the next dial begins with it. No secret is kept.

A file of the user's own: what a relay and a network are called in it is a hash. Only a port other than the relay's own
is worth a line, and it is forgotten after a week: networks change, and a relay's own port is the one meant.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import time
from pathlib import Path

FILE = "ways.json"
KEPT = 7 * 86400  # seconds
MOST = 32  # networks and relays


def network() -> str:
    """This computer's own address towards the outside, as networks are told apart; no packet is sent."""
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as one:
                one.connect((outside, 9))
                return str(one.getsockname()[0])
        except OSError:
            continue
    return ""


class Memory:
    """`folder`: where the file lies; None keeps it in this process alone."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / FILE if folder else None
        self._here: dict[str, tuple[int, float]] = {}

    def recall(self, url: str, proxy: str, now: float | None = None) -> int | None:
        now = time.time() if now is None else now
        port, until = self._all().get(_key(url, proxy), (0, 0.0))
        # a clock that was set back keeps nothing for longer than that
        return port if now < until <= now + KEPT else None

    def keep(self, url: str, proxy: str, port: int | None, now: float | None = None) -> None:
        """`port`: None where there is nothing to be remembered (any more)."""
        now = time.time() if now is None else now
        known, key = self._all(), _key(url, proxy)
        if port is None and key not in known:
            return
        kept = {k: v for k, v in known.items() if k != key and now < v[1] <= now + KEPT}
        if port is not None:
            kept[key] = (port, now + KEPT)
        self._here = dict(list(kept.items())[-MOST:])
        self._write()

    def _all(self) -> dict[str, tuple[int, float]]:
        if self._file is None:
            return self._here
        try:
            read = json.loads(self._file.read_bytes())
            return {str(k): (int(port), float(until)) for k, (port, until) in read.items() if 0 < int(port) < 65536}
        except (OSError, ValueError, TypeError, AttributeError):
            return self._here  # a folder that cannot be written: for this process

    def _write(self) -> None:
        if self._file is None:
            return
        part = self._file.with_name(f".{FILE}.{secrets.token_hex(4)}")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                json.dump(self._here, out)
            os.replace(part, self._file)
        except OSError:
            with contextlib.suppress(OSError):  # it only makes the next dial quicker
                part.unlink(missing_ok=True)


def _key(url: str, proxy: str) -> str:
    return hashlib.sha256("\n".join((url, network(), proxy)).encode()).hexdigest()[:32]
