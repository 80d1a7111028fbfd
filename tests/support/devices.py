"""A device and a technician for the handshake with it, quick to compute with and the same each time."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.link.unattended import Device, Known, Visitor
from rs_relay.link.verifier import SMALL, Verifier, make
from tests.support.two_ends import SESSION

CODE = "correct horse 42"


def drawn(label: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same each time: SHAKE256("rs/1 kat " + label + counter)."""
    count = itertools.count()
    return lambda n: hashlib.shake_256(f"rs/1 kat {label}{next(count)}".encode()).digest(n)


DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(drawn("device key")(32))
TECHNICIAN_KEY = Ed25519PrivateKey.from_private_bytes(drawn("technician key")(32))
STRANGER_KEY = Ed25519PrivateKey.from_private_bytes(drawn("stranger key")(32))
PIN = DEVICE_KEY.public_key().public_bytes_raw()
TECHNICIAN = TECHNICIAN_KEY.public_key().public_bytes_raw()
VERIFIER: Verifier = make(CODE, SMALL, drawn("salt"))


@dataclass
class CountedTries:
    """The guess limit as the handshake knows it: `left` tries, then none."""

    left: int = 5
    spent: int = 0
    rights: int = 0
    order: list[str] = field(default_factory=list)

    def wait(self) -> float:
        return 0.0 if self.left else 600.0

    def spend(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.spent += 1
        self.order.append("spend")
        return True

    def right(self) -> None:
        self.left += 1
        self.rights += 1


def knows(known: Known) -> bool:
    return known.key == TECHNICIAN


def device(
    tries: CountedTries | None = None, key: Ed25519PrivateKey = DEVICE_KEY, verifier: Verifier = VERIFIER
) -> Device:
    return Device(SESSION, key, verifier, tries or CountedTries(), knows)


def visitor(pin: bytes = PIN, key: Ed25519PrivateKey = TECHNICIAN_KEY) -> Visitor:
    return Visitor(SESSION, "alice", key, pin)
