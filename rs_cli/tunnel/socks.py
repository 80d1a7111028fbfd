"""The server's half of SOCKS 4, 4a and 5 as far as a browser, curl or ssh use it: CONNECT, without authentication.
Pure: bytes in, bytes out.

    client                                        server
    5 n methods               (RFC 1928) ──▶      5 0, or 5 255 when it insists on a password
    5 1 0 kind address port              ──▶      5 code 0 1 0.0.0.0 0, when the connection is there or is not
    4 1 port address user 0 [name 0]     ──▶      0 90|91 …

Decided against a library: the kept one (socksio) speaks the client's half, and servers (pproxy) dial by themselves.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from rs_relay.channels.tunnel import Why
from rs_relay.tunnel.dial import Place

LONGEST = 600  # bytes of a request at most: 256 of a user's name, 256 of a host's, and the rest
_CODES = {
    Why.REFUSED: 5,
    Why.NETWORK: 3,
    Why.HOST: 4,
    Why.NAME: 4,
    Why.TIMEOUT: 4,  # as OpenSSH and Tor say it; 6 is for a hop count
    Why.DENIED: 2,
    Why.FULL: 1,
    Why.FAILED: 1,
}


class NotSocks(Exception):
    """What came is no SOCKS, or asks for what there is not; `reply` is to be said before the connection is closed."""

    def __init__(self, text: str, reply: bytes = b"") -> None:
        super().__init__(text)
        self.reply = reply


@dataclass
class Greeting:
    """One client, until it has said where to. `feed` it, send what `feed` returns, look at `asked`."""

    asked: Place | None = None
    rest: bytes = b""  # what came after the request
    _data: bytes = b""
    _version: int = 0
    _greeted: bool = False

    def feed(self, data: bytes) -> bytes:
        """What to answer now, b'' for nothing. Raises NotSocks."""
        self._data += data
        answer = b""
        while self.asked is None and self._data:
            before = self._data
            answer += self._step()
            if self._data == before:
                break
        if self.asked is None and len(self._data) > LONGEST:
            raise NotSocks("a request without an end")
        if self.asked is not None:
            self.rest, self._data = self._data, b""
        return answer

    def reply(self, why: Why | None) -> bytes:
        """What to say of the connection that was asked for; None when it is there."""
        if self._version == 4:
            return bytes([0, 91 if why else 90]) + bytes(6)
        return bytes([5, _CODES[why] if why else 0, 0, 1]) + bytes(6)

    def _step(self) -> bytes:
        self._version = self._version or self._data[0]
        if self._version == 4:
            self._four()
            return b""
        if self._version != 5:
            raise NotSocks("no SOCKS: an HTTP proxy is something else")
        if self._greeted:
            self._five()
            return b""
        return self._methods()

    def _methods(self) -> bytes:
        if len(self._data) < 2 or len(self._data) < 2 + self._data[1]:
            return b""
        count = self._data[1]
        methods, self._data = self._data[2 : 2 + count], self._data[2 + count :]
        if 0 not in methods:
            raise NotSocks("the program insists on a password", b"\x05\xff")
        self._greeted = True
        return b"\x05\x00"

    def _five(self) -> None:
        data = self._data
        if len(data) < 5:
            return
        if data[0] != 5:
            raise NotSocks("no SOCKS request")
        sizes = {1: 4, 3: 1 + data[4], 4: 16}
        size = sizes.get(data[3])
        if size is None:
            raise NotSocks("an address of an unknown kind", self._five_says(8))
        if len(data) < 6 + size:
            return
        if data[1] != 1:
            raise NotSocks("only CONNECT is served", self._five_says(7))
        raw, port = data[4 : 4 + size], int.from_bytes(data[4 + size : 6 + size], "big")
        host = raw[1:].decode("utf-8", "replace") if data[3] == 3 else str(ipaddress.ip_address(raw))
        self._take(host, port, 6 + size, self._five_says(1))

    def _four(self) -> None:
        data = self._data
        if len(data) < 9 or (user := data.find(b"\0", 8)) < 0:
            return
        refused = bytes([0, 91]) + bytes(6)
        if data[1] != 1:
            raise NotSocks("only CONNECT is served", refused)
        port, address, end = int.from_bytes(data[2:4], "big"), data[4:8], user + 1
        host = str(ipaddress.ip_address(address))
        if address[:3] == b"\0\0\0" and address[3]:  # 4a: a name follows
            if (name := data.find(b"\0", end)) < 0:
                return
            host, end = data[end:name].decode("utf-8", "replace"), name + 1
        self._take(host, port, end, refused)

    def _take(self, host: str, port: int, end: int, refused: bytes) -> None:
        if not host or len(host) > 255 or not port or any(c <= " " or c == "\x7f" for c in host):
            raise NotSocks("no such place", refused)
        self.asked, self._data = Place(host, port), self._data[end:]

    def _five_says(self, code: int) -> bytes:
        return bytes([5, code, 0, 1]) + bytes(6)
