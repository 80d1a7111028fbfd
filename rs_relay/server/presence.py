"""Which hosts are here. Peers are opaque numbers; secrets are kept as SHA-256 only, and compared in constant time.

A host that left is remembered for ten minutes, so that nobody else can take its id while its session may resume.
First come registers: an id is random and proves nothing end to end, so taking one only keeps its owner from being
found, and its owner would have to have leaked it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

# What is remembered of hosts that left, however many come and go: 10,000 are 4 MB.
REMEMBERED = 10_000


@dataclass
class Host:
    id: str
    rejoin: bytes  # SHA-256
    door: bytes  # SHA-256, b"" if it deposited none
    name: str
    peer: int | None
    since: float  # here or gone since


@dataclass(frozen=True)
class Registered:
    replaced: int | None  # the peer that was this host until now


class Presence:
    def __init__(self, *, memory: float, grace: float) -> None:
        self._memory = memory
        self._grace = grace
        self._hosts: dict[str, Host] = {}
        self._by_peer: dict[int, Host] = {}

    def __len__(self) -> int:
        return len(self._by_peer)

    def register(self, peer: int, host: str, rejoin: str, door: str, name: str, now: float) -> Registered | None:
        """None if `host` is somebody else's."""
        proof = hashlib.sha256(bytes.fromhex(rejoin)).digest()
        known = self._hosts.get(host)
        if known is not None and not hmac.compare_digest(known.rejoin, proof):
            return None
        replaced = known.peer if known is not None else None
        if replaced is not None:
            del self._by_peer[replaced]
        entry = Host(host, proof, bytes.fromhex(door), name, peer, now)
        self._hosts[host] = entry
        self._by_peer[peer] = entry
        return Registered(replaced)

    def leave(self, peer: int, now: float) -> Host | None:
        """The host that `peer` was, now remembered as away."""
        host = self._by_peer.pop(peer, None)
        if host is not None:
            host.peer = None
            host.since = now
            self._bound()
        return host

    def at(self, host: str) -> Host | None:
        return self._hosts.get(host)

    def of_peer(self, peer: int) -> Host | None:
        return self._by_peer.get(peer)

    def behind_door(self, host: str, door: str) -> Host | None:
        """The host, if it is known and `door` is the key to what it deposited."""
        known = self._hosts.get(host)
        deposited = known.door if known is not None else b""
        fits = hmac.compare_digest(hashlib.sha256(bytes.fromhex(door)).digest(), deposited)
        return known if fits else None

    def expire(self, now: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(hosts away for longer than the grace of their slots, hosts forgotten)"""
        away = [h for h in self._hosts.values() if h.peer is None]
        past_grace = tuple(h.id for h in away if now - h.since >= self._grace)
        forgotten = tuple(h.id for h in away if now - h.since >= self._memory)
        for host in forgotten:
            del self._hosts[host]
        return past_grace, forgotten

    def _bound(self) -> None:
        away = len(self._hosts) - len(self._by_peer)
        if away > REMEMBERED:
            oldest = min((h for h in self._hosts.values() if h.peer is None), key=lambda h: h.since)
            del self._hosts[oldest.id]
