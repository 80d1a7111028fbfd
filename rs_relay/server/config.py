"""What the operator may set, read once and frozen. Every number has its reason beside it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from rs_relay.errors import UsageError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Address:
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self, port: int, *, tls: bool) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if tls else 'ws'}://{host}:{port}"


@dataclass(frozen=True)
class Limits:
    """What one stranger, one technician or one link may take. Seconds and bytes."""

    # 2,000 sockets are 30 MB idle; the system's limit on open files is checked against it at the start.
    connections: int = 2_000
    # Not yet authenticated: in the handshake, or silent after it. Bounds what a flood costs the others.
    strangers: int = 200
    # Hosts and strangers of one address (a /64 for IPv6). Control sockets and joined links do not count: they
    # have shown a token or a ticket, and a help desk behind one address holds many.
    connections_per_ip: int = 20

    # The head of an HTTP request; websockets' own limits allow 1 MB of headers, nobody sends a tenth of this.
    request_head: int = 16 * 1024
    head_timeout: float = 5.0
    first_message_timeout: float = 5.0

    # Messages on a host or control socket: a technician's list of devices refreshes at some 2 a second.
    messages_per_second: float = 20.0
    message_burst: int = 60
    # An end that does not read what it is told: 16 messages of the largest size.
    unread: int = 64 * 1024

    joins_per_minute: int = 5
    joins_per_hour: int = 30
    failures_before_pause: int = 3
    failure_pause: float = 15 * 60.0
    sign_in_failures_per_hour: int = 20

    slot_ttl: float = 15 * 60.0
    slot_grace: float = 60.0
    slots_per_minute: int = 10
    slots_per_technician: int = 8
    slots_per_host: int = 4
    slot_failures: int = 3
    # Joins that come to nothing without a wrong secret (an end that went away) also wear a code out.
    slot_joins: int = 10

    ticket_ttl: float = 30.0
    # How long a host that left may come back under its name and nobody else: as long as a session resumes.
    host_memory: float = 10 * 60.0

    # Ping a socket that was silent for this long; give it the same time again to say anything.
    ping_after: float = 20.0
    # No byte of what waits for an end went out for this long.
    stuck_after: float = 30.0
    # After a close frame, until the other end closed its socket too.
    close_timeout: float = 2.0

    # The same for every refusal that could tell whether a code or a host exists.
    refusal_delay: tuple[float, float] = (0.150, 0.250)


@dataclass(frozen=True)
class Config:
    listen: tuple[Address, ...] = (Address("127.0.0.1", 8200),)
    open: bool = False
    name: str = ""
    data: Path | None = None
    database: str = ""
    agents: Path | None = None  # what `rs-relay agents build` has made for customers to download
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()
    insecure_plaintext: bool = False
    limits: Limits = field(default_factory=Limits)
    # Per-address limits do not hold for this computer itself: an open relay is for trying out, and everything
    # comes from 127.0.0.1 there. None: as `open` says.
    spare_loopback: bool | None = None

    @property
    def tls(self) -> bool:
        return self.tls_cert is not None

    @property
    def spares_loopback(self) -> bool:
        return self.open if self.spare_loopback is None else self.spare_loopback

    def check(self) -> None:
        """Raises UsageError for settings that would expose somebody."""
        exposed = [a.host for a in self.listen if not a.loopback]
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UsageError("TLS needs both a certificate and its key.", "Give --tls-cert and --tls-key.")
        if exposed and self.open:
            raise UsageError(
                f"An open relay lets anybody be a technician, so it may not listen on {exposed[0]}.",
                "Leave --open away and run `rs-relay technician add NAME`, or listen on 127.0.0.1.",
            )
        if exposed and not self.tls and not self.insecure_plaintext:
            raise UsageError(
                f"Listening on {exposed[0]} without TLS would send technicians' tokens in clear.",
                "Give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that does TLS.",
            )


def parse_address(text: str) -> Address:
    """`HOST:PORT`, `[V6]:PORT` or `:PORT`. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "0.0.0.0"
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise UsageError(f"“{text}” is not an address to listen on.", "Write it as HOST:PORT, like 127.0.0.1:8200.")
    return Address(host, int(port))


def parse_network(text: str) -> Network:
    """Raises UsageError."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(f"“{text}” is not a network.", "Write it as 10.0.0.0/8 or 127.0.0.1/32.") from None
