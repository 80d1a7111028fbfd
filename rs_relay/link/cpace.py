"""CPace over X25519 with SHA-512: two ends that know one short secret agree on a key, and whoever listens or plays one
of the ends learns at most whether one guess of the secret was right.

draft-irtf-cfrg-cpace-21, functions named as there. The scalar multiplications run in OpenSSL in constant time; only
the map from the secret to a generator is computed here, with blinded operands, since Python's integers are not
constant-time (SECURITY: a residual signal of one sample per single-use code over a network is below what jitter hides).
Vectors: tests/vectors/cpace.json.
"""

from __future__ import annotations

import hashlib
import secrets

from rs_relay.link import primitives

P = 2**255 - 19
A = 486662
_HASH_BLOCK = 128  # SHA-512's input block, s_in_bytes of the draft
_DSI = b"CPace255"
_DSI_ISK = b"CPace255_ISK"


class LowOrder(Exception):
    """A public value of low order: the other end is not honest, or the line is not."""


def _leb128(n: int) -> bytes:
    out = bytearray()
    while True:
        low, n = n & 0x7F, n >> 7
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def lv_cat(*parts: bytes) -> bytes:
    """Each part after its length as LEB128."""
    return b"".join(_leb128(len(part)) + part for part in parts)


def generator_string(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    zeros = max(0, _HASH_BLOCK - 1 - len(lv_cat(prs)) - len(lv_cat(_DSI)))
    return lv_cat(_DSI, prs, bytes(zeros), ci, sid)


def elligator2(r: int) -> int:
    """The u-coordinate that r maps to. Inversion and Legendre symbol are blinded, both results computed, then one
    picked: the running time does not follow the secret."""
    r %= P
    blind, blind2 = secrets.randbelow(P - 1) + 1, secrets.randbelow(P - 1) + 1
    v = (-A * (pow((1 + 2 * r * r) % P * blind % P, P - 2, P) * blind % P)) % P
    w = (v * v % P * v + A * v % P * v + v) % P
    legendre = pow(w * (blind2 * blind2 % P) % P, (P - 1) // 2, P)
    return ((-v - A) % P, v)[legendre & 1]


def generator(prs: bytes, ci: bytes, sid: bytes) -> bytes:
    """The 32-byte base point that both ends reach only with the same secret, context and session."""
    digest = bytearray(hashlib.sha512(generator_string(prs, ci, sid)).digest()[:32])
    digest[31] &= 0x7F
    return elligator2(int.from_bytes(digest, "little")).to_bytes(32, "little")


def x25519(scalar: bytes, u: bytes) -> bytes:
    """Scalar (32 bytes) times the point of u-coordinate `u`. Raises LowOrder for the neutral element."""
    try:
        shared = primitives.X25519PrivateKey.from_private_bytes(scalar).exchange(
            primitives.X25519PublicKey.from_public_bytes(u)
        )
    except ValueError as e:
        raise LowOrder from e
    if shared == bytes(32):
        raise LowOrder
    return shared


def isk(
    sid: bytes, k: bytes, y_initiator: bytes, ad_initiator: bytes, y_responder: bytes, ad_responder: bytes
) -> bytes:
    """The intermediate session key, 64 bytes (initiator-responder setting)."""
    transcript = lv_cat(y_initiator, ad_initiator) + lv_cat(y_responder, ad_responder)
    return hashlib.sha512(lv_cat(_DSI_ISK, sid, k) + transcript).digest()
