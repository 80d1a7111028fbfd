"""SOCKS 5 (RFC 1928, name and password by RFC 1929) and SOCKS 4a, the client's half. Pure.

The relay's name is looked up by the proxy: behind one, this computer often cannot.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator

from .proxy import Proxy
from .step import Step
from .words import Closed, Why

NOTHING, NAMED, NONE_OF_THEM = 0, 2, 0xFF
CONNECT = 1
NAME, IPV4, IPV6 = 3, 1, 4
# RFC 1928, 6: 1 failure, 2 not allowed, 3 network, 4 host unreachable, 5 refused, 6 too late, 7 and 8 not supported
ANSWERS = {2: Why.PROXY_FORBIDS, 3: Why.PROXY_CANNOT, 4: Why.PROXY_CANNOT, 5: Why.PROXY_CANNOT, 6: Why.PROXY_CANNOT}


def socks5(proxy: Proxy, host: str, port: int) -> Generator[Step, bytes, None]:
    ways = bytes([NOTHING, NAMED] if proxy.user else [NOTHING])
    version, way = yield Step(bytes([5, len(ways)]) + ways, 2)
    if version != 5:
        raise Closed(Why.PROXY_BROKE)
    if way == NONE_OF_THEM:
        raise Closed(Why.WRONG_NAME if proxy.user else Why.WANTS_NAME)
    if way == NAMED and proxy.user:
        user, password = proxy.user.encode(), proxy.password.encode()
        answer = yield Step(bytes([1, len(user)]) + user + bytes([len(password)]) + password, 2)
        if answer[1]:
            raise Closed(Why.WRONG_NAME)
    elif way != NOTHING:
        raise Closed(Why.PROXY_BROKE)
    answer = yield Step(bytes([5, CONNECT, 0]) + _address(host) + port.to_bytes(2, "big"), 4)
    if answer[0] != 5:
        raise Closed(Why.PROXY_BROKE)
    if answer[1]:
        raise Closed(ANSWERS.get(answer[1], Why.PROXY_CANNOT))
    if answer[3] not in (IPV4, IPV6, NAME):
        raise Closed(Why.PROXY_BROKE)
    size = {IPV4: 4, IPV6: 16}.get(answer[3]) or (yield Step(b"", 1))[0]
    yield Step(b"", size + 2)  # where it is bound, which nobody needs


def socks4(proxy: Proxy, host: str, port: int) -> Generator[Step, bytes, None]:
    number = _number(host)
    where = number.packed if number and number.version == 4 else bytes([0, 0, 0, 1])
    name = b"" if where[:3] != bytes(3) else _name(host) + b"\0"
    answer = yield Step(bytes([4, CONNECT]) + port.to_bytes(2, "big") + where + proxy.user.encode() + b"\0" + name, 8)
    if answer[0] != 0:
        raise Closed(Why.PROXY_BROKE)
    if answer[1] != 90:
        raise Closed({92: Why.WANTS_NAME, 93: Why.WRONG_NAME}.get(answer[1], Why.PROXY_FORBIDS))


def _address(host: str) -> bytes:
    number = _number(host)
    if number:
        return bytes([IPV4 if number.version == 4 else IPV6]) + number.packed
    name = _name(host)
    return bytes([NAME, len(name)]) + name


def _name(host: str) -> bytes:
    try:
        name = host.encode("idna")
    except UnicodeError:
        name = b""
    if not 0 < len(name) < 256:
        raise Closed(Why.NO_NAME)
    return name


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
