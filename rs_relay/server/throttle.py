"""How often, per address and per name.

A window holds the times of what was let through (or failed) under one key. Windows are kept in the order of their
last use and the oldest are dropped beyond a bound, so that a flood from many addresses cannot grow this without end;
what it can do is make the relay forget the mildest offenders.

Time is handed in. Nothing here knows what it counts.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass

KEYS = 10_000


@dataclass(frozen=True)
class Rule:
    """At most `count` within `window` seconds; then wait until the window has room, or `pause` if that is set."""

    count: int
    window: float
    pause: float = 0.0


class Throttle:
    """`spend` before doing something that is rationed; `fail` after something that should rarely fail."""

    def __init__(self, *rules: Rule, keys: int = KEYS) -> None:
        self._rules = rules
        self._keys = keys
        self._longest = max(rule.window for rule in rules)
        self._most = max(rule.count for rule in rules)
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._paused: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until `key` may go on; 0 if it may now."""
        paused = self._paused.get(key, 0.0) - now
        if paused > 0:
            return paused
        times = self._seen.get(key)
        if times is None:
            return 0.0
        return max(0.0, *(self._until(rule, times, now) for rule in self._rules))

    def spend(self, key: str, now: float) -> float:
        """As `wait`, and counts one if the answer is 0."""
        seconds = self.wait(key, now)
        if seconds == 0.0:
            self._note(key, now)
        return seconds

    def fail(self, key: str, now: float) -> None:
        """Count a failure; a rule with a pause then starts it."""
        times = self._note(key, now)
        for rule in self._rules:
            if rule.pause and self._until(rule, times, now) > 0:
                self._paused[key] = now + rule.pause
                self._paused.move_to_end(key)
                if len(self._paused) > self._keys:
                    self._paused.popitem(last=False)

    def _note(self, key: str, now: float) -> deque[float]:
        times = self._seen.setdefault(key, deque(maxlen=self._most))
        self._seen.move_to_end(key)
        while times and times[0] <= now - self._longest:
            times.popleft()
        times.append(now)
        if len(self._seen) > self._keys:
            self._seen.popitem(last=False)
        return times

    @staticmethod
    def _until(rule: Rule, times: deque[float], now: float) -> float:
        if len(times) < rule.count:
            return 0.0
        return max(0.0, times[-rule.count] + rule.window - now)


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that a household or a server gets in IPv6."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.is_loopback
    return ip.is_loopback
