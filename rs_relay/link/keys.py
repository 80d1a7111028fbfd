"""Every key of a link has one function and one label here. HKDF-SHA256 throughout (RFC 5869).

lp(x…)          each part after its length as four bytes, big-endian: no two lists of parts give the same bytes
key(label, c)   HKDF-Expand(PRK, lp("rs/1 " + label, c), 32)
"""

from __future__ import annotations

import hashlib
import hmac

from rs_relay.link import primitives

SUITE = b"rs/1 CPACE-X25519-SHA512 MLKEM768 HKDF-SHA256 AES256GCM"


def lp(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def H(*parts: bytes) -> bytes:
    return hashlib.sha256(lp(*parts)).digest()


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract: 32 bytes."""
    return hmac.digest(salt, ikm, "sha256")


def expand(secret: bytes, info: bytes, length: int = 32) -> bytes:
    return primitives.HKDFExpand(primitives.SHA256(), length, info).derive(secret)


def key(prk: bytes, label: str, context: bytes, length: int = 32) -> bytes:
    return expand(prk, lp(b"rs/1 " + label.encode(), context), length)


def mac(secret: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 over H(parts), as every confirmation is made."""
    return hmac.digest(secret, H(*parts), "sha256")


def equal(a: bytes, b: bytes) -> bool:
    return hmac.compare_digest(a, b)


def rid(resume_key: bytes) -> bytes:
    """The public name of a resume key: which key a resumption is about, and nothing else. 16 bytes."""
    return expand(resume_key, lp(b"rs/1 rid", b""), 16)
