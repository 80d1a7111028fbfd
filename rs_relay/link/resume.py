"""The handshake of every further link of a session, and of every reconnection: no code, but the session's key.

    technician = I                                  agent = R
    R1  SUITE rid n_i E_i ek           ──────▶                                      START ─▶ SENT1 | START ─▶ SENT2
                                       ◀──────      R2  n_r E_r ct confirm_r        SENT1 ─▶ OPEN
    R3  confirm_i                      ──────▶                                      SENT2 ─▶ OPEN

`rid` names the key and gives nothing away. Fresh X25519 and ML-KEM each time: a key stolen later opens no earlier
link. Whoever made the code, here the technician's end is always I and the agent's always R: neither ever answers the
other's message, so nothing can be reflected.

The session's key is not replaced by each resumption: several processes of the technician hold it at once (that is what
lets `rs send-file` work while the dashboard is open elsewhere), and one that renewed it would lock the others out. A
lost R3 therefore does no harm either: the technician's end simply dials again.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from rs_relay.link import cpace, primitives
from rs_relay.link.handshake import CT, EK, NONCE, POINT, TAG, Abort, Entropy, Opened, State, derive, message, parse
from rs_relay.link.keys import SUITE, H, equal, extract, key, lp, mac, rid

RID = 16


class UnknownKey(Abort):
    """R holds no key of that name: the session has ended there."""


class _Run:
    def __init__(self, entropy: Entropy) -> None:
        self.state = State.START
        self.opened: Opened | None = None
        self._entropy = entropy

    def _enter(self, *expected: State) -> State:
        state, self.state = self.state, State.DEAD
        if state not in expected:
            raise Abort("a handshake message out of turn")
        return state


def _public(scalar: bytes) -> bytes:
    return primitives.X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()


def _prk(resume_key: bytes, scalar: bytes, peer: bytes, kem: bytes) -> bytes:
    try:
        shared = cpace.x25519(scalar, peer)
    except cpace.LowOrder as e:
        raise Abort("a public value of low order") from e
    return extract(resume_key, lp(shared, kem))


class Initiator(_Run):
    """I, the technician's end. `start()` gives R1; `receive` takes R2 and gives R3, and the run is OPEN."""

    def __init__(self, resume_key: bytes, *, entropy: Entropy = secrets.token_bytes) -> None:
        super().__init__(entropy)
        self._key = resume_key
        self._scalar = entropy(32)
        self._kem = primitives.MLKEM768PrivateKey.from_seed_bytes(entropy(64))
        self._r1 = b""

    def start(self) -> bytes:
        self._enter(State.START)
        ek = self._kem.public_key().public_bytes_raw()
        self._r1 = message(11, SUITE, rid(self._key), self._entropy(NONCE), _public(self._scalar), ek)
        self.state = State.SENT1
        return self._r1

    def receive(self, data: bytes) -> bytes:
        self._enter(State.SENT1)
        if data == UNKNOWN:
            raise UnknownKey("the agent holds no such session")
        n_r, e_r, ct, confirm = parse(data, 12, (NONCE, POINT, CT, TAG))
        prk = _prk(self._key, self._scalar, e_r, self._kem.decapsulate(ct))
        th = H(self._r1, lp(n_r, e_r, ct))
        if not equal(confirm, hmac.digest(key(prk, "confirm r", th), th, "sha256")):
            raise Abort("the agent's confirmation does not verify")
        r3 = message(13, mac(key(prk, "confirm i", th), th, data))
        self.opened = derive(prk, th, joiner=True, identity="")
        self.state = State.OPEN
        return r3


# Said instead of R2 when R has no key of that name. It is not authenticated: a hint, after which the technician's end
# tries again a few times before it believes that the session has ended.
UNKNOWN = message(14)


class Responder(_Run):
    """R, the agent's end. `find` gives the key of a `rid`, or None. `receive` takes R1 and gives R2, then takes R3."""

    def __init__(self, find: Callable[[bytes], bytes | None], *, entropy: Entropy = secrets.token_bytes) -> None:
        super().__init__(entropy)
        self._find = find
        self._r2 = self._prk = self._th = b""
        self.rid = b""

    def _encapsulate(self, ek: bytes) -> tuple[bytes, bytes]:
        try:
            return primitives.MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
        except ValueError as e:
            raise Abort("not an ML-KEM-768 key") from e

    def receive(self, data: bytes) -> bytes | None:
        if self._enter(State.START, State.SENT2) is State.START:
            return self._on_r1(data)
        self._on_r3(data)
        return None

    def _on_r1(self, r1: bytes) -> bytes:
        suite, self.rid, _, e_i, ek = parse(r1, 11, (len(SUITE), RID, NONCE, POINT, EK))
        if suite != SUITE:
            raise Abort("another suite")
        resume_key = self._find(self.rid)
        if resume_key is None:
            raise UnknownKey("no session under that name")
        scalar, n_r = self._entropy(32), self._entropy(NONCE)
        e_r = _public(scalar)
        shared, ct = self._encapsulate(ek)
        self._prk = _prk(resume_key, scalar, e_i, shared)
        self._th = H(r1, lp(n_r, e_r, ct))
        confirm = hmac.digest(key(self._prk, "confirm r", self._th), self._th, "sha256")
        self._r2 = message(12, n_r, e_r, ct, confirm)
        self.state = State.SENT2
        return self._r2

    def _on_r3(self, r3: bytes) -> None:
        (confirm,) = parse(r3, 13, (TAG,))
        if not equal(confirm, mac(key(self._prk, "confirm i", self._th), self._th, self._r2)):
            raise Abort("the technician's confirmation does not verify")
        self.opened = derive(self._prk, self._th, joiner=False, identity="")
        self.state = State.OPEN
