"""A proxy, as people and systems write one, and the rule which hosts go past it. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

KINDS = {
    "http": "http", "https": "https", "socks": "socks5", "socks5": "socks5", "socks5h": "socks5", "socks4": "socks4",
    "socks4a": "socks4",
}  # fmt: skip
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks4": 1080}
DIRECT = "direct"


class NoProxy(ValueError):
    """That is not how a proxy is written."""


@dataclass(frozen=True)
class Proxy:
    kind: str  # http, https (TLS to the proxy itself), socks5, socks4: names are always looked up by the proxy
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """`[KIND://][NAME[:PASSWORD]@]HOST[:PORT]`. Raises NoProxy; the text is in no message, it may hold a secret."""
        text = text.strip()
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise NoProxy("that is no proxy's address") from None
        kind = KINDS.get(parts.scheme.lower(), "")
        if not kind or not host or parts.path not in ("", "/") or parts.query or parts.fragment or port == 0:
            raise NoProxy("that is no proxy's address")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password + host).isprintable() or len(user.encode()) > 255 or len(password.encode()) > 255:
            raise NoProxy("that is no proxy's address")
        return cls(kind, host, port or PORTS[kind], user, password)

    @property
    def place(self) -> str:
        """`host:port`, to be shown: never the name or the password."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def passes(host: str, port: int, exceptions: str) -> bool:
    """Whether `host` goes past the proxy by a list such as NO_PROXY: names with all below them, addresses, networks,
    `*`, each with or without a port; `<local>` is every name without a dot (Windows)."""
    host = host.lower().rstrip(".")
    return any(_fits(host, port, each.lower()) for each in exceptions.replace(",", " ").replace(";", " ").split())


def _fits(host: str, port: int, pattern: str) -> bool:
    if pattern == "*":
        return True
    if pattern == "<local>":
        return "." not in host and ":" not in host
    name, colon, number = pattern.rpartition(":")
    if colon and number.isdecimal() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        pattern = name
    pattern = pattern.strip("[]")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern, strict=False)
    except (ValueError, TypeError):
        pass
    if pattern.endswith(".*"):  # 192.168.*, as Windows writes networks
        return host.startswith(pattern[:-1])
    pattern = pattern.lstrip("*").lstrip(".")
    return bool(pattern) and (host == pattern or host.endswith("." + pattern))
