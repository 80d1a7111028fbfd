"""What a device keeps of its access code: enough to know who knows it, too little to say it itself.

    w = Argon2id(NFKC(code), salt; m KiB, t passes, p lanes)  32 bytes      the technician's end makes it, each time
    W = X25519(w, 9)                                                        the device keeps it, with salt, m, t and p

Whoever steals W has one Argon2id a guess before them and cannot sign in with W itself: the handshake wants w.
RFC 9106 (Argon2), RFC 7748 (X25519). Vectors: tests/vectors/unattended.json.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from rs_relay.link import cpace

SALT = 16  # bytes
WORDS = 4
_WORD = re.compile("[a-z]{3,8}")
_BETWEEN = re.compile("[ \t.,;_\u2010-\u2013-]+")
BASE = (9).to_bytes(32, "little")  # X25519's base point


@dataclass(frozen=True)
class Cost:
    """What one guess costs. The default takes about 0.13 s on one core of 2020 and 64 MiB."""

    memory: int = 64 * 1024  # KiB
    passes: int = 3
    lanes: int = 4

    @property
    def fair(self) -> bool:
        """Whether a technician's end computes it: not so little that the code is cheap to guess, not so much that a
        false device could stop the program with it."""
        return 19_456 <= self.memory <= 1024 * 1024 and 2 <= self.passes <= 10 and 1 <= self.lanes <= 4

    def pack(self) -> bytes:
        return b"".join(n.to_bytes(4, "big") for n in (self.memory, self.passes, self.lanes))

    @classmethod
    def unpack(cls, data: bytes) -> Cost:
        return cls(*(int.from_bytes(data[at : at + 4], "big") for at in (0, 4, 8)))


SMALL = Cost(19_456, 2, 1)  # for a device with little memory; the least that is fair


@dataclass(frozen=True)
class Verifier:
    salt: bytes
    cost: Cost
    w: bytes = field(repr=False)  # W, 32 bytes


def plain(code: str) -> str:
    """The code as both ends take it. Ten digits lose what people write between them; four words, as a device makes
    them, are small letters without accents and with a space between, whatever was typed. All else stays as it is."""
    normal = unicodedata.normalize("NFKC", code).strip()
    bare = normal.translate(dict.fromkeys(map(ord, " -.\u2010\u2011\u2013")))
    if bare.isascii() and bare.isdigit():
        return bare
    letters = "".join(c for c in unicodedata.normalize("NFKD", normal) if not unicodedata.combining(c)).lower()
    words = [word for word in _BETWEEN.split(letters) if word]
    return " ".join(words) if len(words) == WORDS and all(map(_WORD.fullmatch, words)) else normal


def harden(code: str, salt: bytes, cost: Cost) -> bytes:
    """w: 32 bytes. Takes as long as `cost` says; ValueError for a cost that no Argon2id has."""
    plain = unicodedata.normalize("NFKC", code).strip().encode()
    kdf = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory)
    return kdf.derive(plain)


def make(code: str, cost: Cost | None = None, entropy: Callable[[int], bytes] = secrets.token_bytes) -> Verifier:
    """The verifier of a new access code, under a salt of its own."""
    salt, cost = entropy(SALT), cost or Cost()
    return Verifier(salt, cost, cpace.x25519(harden(code, salt, cost), BASE))
