"""What `rs forward` is asked for, in ssh's grammar. Pure.

    -L (or bare)   [bind:]port:host:hostport   [bind:]port:/socket   /socket:host:hostport   /socket:/socket
    -R             the same, but for the bind: the customer's end is on its loopback
    -D             [bind:]port

An IPv6 address stands in brackets; `*` as bind is every address of the computer; port 0 is any that is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rs_relay.errors import UsageError
from rs_relay.text import printable
from rs_relay.tunnel.dial import Place, loopback

HINT = "For example: 8080:localhost:80, 127.0.0.1:8080:[::1]:80, 8080:/run/app.sock; -D 1080."


class Way(StrEnum):
    LOCAL = "local"
    REVERSE = "reverse"
    SOCKS = "socks"


ANYWHERE = Place()


@dataclass(frozen=True)
class Rule:
    """Connections come in at `here` (host may be '', a name of the loopback, `*`, or an address) and go to `there`,
    which is a program's choice for SOCKS."""

    way: Way
    here: Place
    there: Place = ANYWHERE

    @property
    def open_to_others(self) -> bool:
        return not self.here.path and not loopback(self.here.host)


def local(text: str) -> Rule:
    """Raises UsageError, as the other two do."""
    return _between(Way.LOCAL, text)


def reverse(text: str) -> Rule:
    rule = _between(Way.REVERSE, text)
    if rule.here.path or rule.open_to_others:
        raise UsageError("The customer's computer opens ports on its loopback only.", "-R PORT:host:hostport")
    return rule


def socks(text: str) -> Rule:
    parts = _split(text)
    if not 1 <= len(parts) <= 2 or any("/" in part for part in parts):
        raise _wrong(text)
    return Rule(Way.SOCKS, Place(*_bind(parts[:-1]), _port(parts[-1], text, any_free=True)))


def _between(way: Way, text: str) -> Rule:
    parts = _split(text)
    if len(parts) >= 2 and parts[-1].startswith("/"):
        there, rest = Place(path=parts[-1]), parts[:-1]
    elif len(parts) >= 3 and parts[-2]:
        there, rest = Place(parts[-2], _port(parts[-1], text)), parts[:-2]
    else:
        raise _wrong(text)
    if len(rest) == 1 and rest[0].startswith("/"):
        return Rule(way, Place(path=rest[0]), there)
    if not 1 <= len(rest) <= 2:
        raise _wrong(text)
    return Rule(way, Place(*_bind(rest[:-1]), _port(rest[-1], text, any_free=True)), there)


def _bind(parts: list[str]) -> tuple[str]:
    """ssh's: nothing said is the loopback, an empty bind is all."""
    return (parts[0] or "*" if parts else "",)


def _port(text: str, whole: str, *, any_free: bool = False) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise _wrong(whole)
    port = int(text)
    if port > 65535 or (port == 0 and not any_free):
        raise UsageError(f"There is no port {port}.", HINT)
    return port


def _split(text: str) -> list[str]:
    """At colons, but for those in brackets. Raises UsageError."""
    parts, depth = [""], 0
    for character in text:
        if character == "[" and not depth and not parts[-1]:
            depth = 1
        elif character == "]" and depth:
            depth = 0
        elif character == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise _wrong(text)
    return parts


def _wrong(text: str) -> UsageError:
    return UsageError(f"That is no forwarding: {printable(text, 60)}", HINT)
