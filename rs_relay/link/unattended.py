"""The handshake with a device where nobody sits: the technician knows its access code, the device is who it was.

Law: as in `link/handshake.py`, a run is one-shot and DEAD while it parses. The technician's end is told the code only
after the device has proved to be the one that is pinned: a false device learns nothing that was made from it. The
device's end counts a try *before* it looks at it, and says the same to whoever does not know the code and to whoever
it does not know.

    technician = I                                  device = R
    M1  SUITE mode session n_i ek      ──────▶                                        START ─▶ SENT1 | START ─▶ SENT2
                                       ◀──────      M2  n_r Y_r ct extra sig          SENT1 ─▶ MET
    M3  Y_i payload confirm_i          ──────▶      a wrong code shows here           MET ─▶ SENT3 | SENT2 ─▶ OPEN
                                       ◀──────      M4  confirm_r                     SENT3 ─▶ OPEN

    extra    lp(salt, m|t|p, X, device_pk)          sig  the device's Ed25519 over M1 and all of M2 before it
    PRS      H("rs/1 aug", X25519(x, W) = X25519(w, X), X, salt, m|t|p)      AuCPace: w is never at the device
    payload  lp(name, technician_pk, Ed25519(technician, "rs/1 technician" 0 th)), encrypted

Everything after PRS is as between people (mode 1). Sources: Haase and Labrique, AuCPace (eprint 2018/286);
`link/verifier.py` for w and W. Vectors: tests/vectors/unattended.json.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rs_relay.link import cpace
from rs_relay.link.handshake import (
    CT,
    EK,
    IDENTITY,
    NONCE,
    POINT,
    REFUSED,
    SESSION,
    TAG,
    Abort,
    Entropy,
    Opened,
    WrongSecret,
    agree,
    confirmation,
    derive,
    encapsulate,
    message,
    parse,
    sid_of,
)
from rs_relay.link.keys import SUITE, H, equal, key, lp, mac
from rs_relay.link.verifier import BASE, SALT, Cost, Verifier, harden

MODE = b"\x02"
KEY, SIGNATURE = 32, 64  # bytes, Ed25519
COST = 12  # bytes: m, t, p
EXTRA = 4 * 4 + SALT + COST + POINT + KEY
IDENTIFIED = 3 * 4 + KEY + SIGNATURE  # bytes of the payload beside the name
_ZERO_NONCE = bytes(12)  # the payload's key is used for one message only


class WrongDevice(Abort):
    """Another device answers than the one that is pinned (or its signature is wrong)."""


class Unfair(Abort):
    """The device asks for an Argon2id that costs too little or too much."""


class NotNow(Abort):
    """Too many wrong codes were tried; `seconds` until the device looks at the next one. Not authenticated."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the device looks at no code for {seconds} s")
        self.seconds = seconds


class Unknown(WrongSecret):
    """Device: the code was right, but this technician's key is not one it knows. The other end hears of a wrong one."""

    def __init__(self, known_as: Known) -> None:
        super().__init__("a right code of a technician who is not known here")
        self.known_as = known_as


class State(StrEnum):
    START = "start"
    SENT1 = "sent-1"
    MET = "met"
    SENT2 = "sent-2"
    SENT3 = "sent-3"
    OPEN = "open"
    DEAD = "dead"


@dataclass(frozen=True)
class Known:
    """Who opened: the name that they say, and the key that they proved to hold."""

    name: str
    key: bytes = field(repr=False)


class Tries(Protocol):
    """The device's memory of wrong codes, kept over restarts."""

    def wait(self) -> float:
        """Seconds until the next try is looked at; 0 for now."""

    def spend(self) -> bool:
        """Count one try, on the disk when this returns; False where there is none left to spend."""

    def right(self) -> None:
        """The try that was counted last was no guess."""


def later(seconds: float) -> bytes:
    """Said by the device instead of M2 or M4 while it looks at no code."""
    return message(6, max(1, min(round(seconds), 2**32 - 1)).to_bytes(4, "big"))


class _Run:
    def __init__(self, session: bytes, entropy: Entropy) -> None:
        if len(session) != SESSION:
            raise ValueError("a session's id has 16 bytes")
        self.state = State.START
        self.opened: Opened | None = None
        self._session = session
        self._entropy = entropy
        self._ci = lp(SUITE, MODE, b"I=technician", b"R=device", session)

    def _enter(self, *expected: State) -> State:
        """The state a message arrives in; the run is DEAD until it has been handled."""
        state, self.state = self.state, State.DEAD
        if state not in expected:
            raise Abort("a handshake message out of turn")
        return state

    def _generator(self, shared: bytes, x: bytes, salt: bytes, cost: bytes, sid: bytes) -> bytes:
        return cpace.generator(H(b"rs/1 aug", shared, x, salt, cost), self._ci, sid)


class Visitor(_Run):
    """Technician: `start()` gives M1, `meet` takes M2, `prove` takes the code and gives M3, `finish` takes M4.

    `pin`: the key that the device must have; b"" takes any that signs rightly, and `device` then says which it was
    (show it to a person before `prove`)."""

    def __init__(
        self,
        session: bytes,
        name: str,
        me: Ed25519PrivateKey,
        pin: bytes,
        *,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        super().__init__(session, entropy)
        self.device = b""
        self._name = name.encode()[:IDENTITY].decode(errors="ignore")
        self._me, self._pin = me, pin
        self._kem = MLKEM768PrivateKey.from_seed_bytes(entropy(64))
        self._m1 = self._m2 = self._prk = self._th2 = b""

    def start(self) -> bytes:
        self._enter(State.START)
        ek = self._kem.public_key().public_bytes_raw()
        self._m1 = message(1, SUITE, MODE, self._session, self._entropy(NONCE), ek)
        self.state = State.SENT1
        return self._m1

    def meet(self, m2: bytes) -> None:
        """Raises NotNow, WrongDevice, Unfair."""
        self._enter(State.SENT1)
        _turned_down(m2)
        n_r, y_r, ct, extra, signature = parse(m2, 2, (NONCE, POINT, CT, EXTRA, SIGNATURE))
        _, cost, _, device = _fields(extra, (SALT, COST, POINT, KEY))
        if self._pin and not equal(device, self._pin):
            raise WrongDevice("another device's key")
        if not _signed(device, signature, _signed_by_device(self._m1, n_r, y_r, ct, extra)):
            raise WrongDevice("a signature that does not verify")
        if not Cost.unpack(cost).fair:
            raise Unfair("an Argon2id beyond the limits")
        self.device, self._m2 = device, m2
        self.state = State.MET

    def prove(self, code: str) -> bytes:
        """M3. Takes as long as the device's Argon2id does."""
        self._enter(State.MET)
        n_r, y_r, ct, extra, _ = parse(self._m2, 2, (NONCE, POINT, CT, EXTRA, SIGNATURE))
        salt, cost, x, _ = _fields(extra, (SALT, COST, POINT, KEY))
        sid = sid_of(self._m1, n_r, ct, extra)
        try:
            shared = cpace.x25519(harden(code, salt, Cost.unpack(cost)), x)
        except cpace.LowOrder as e:
            raise Abort("a public value of low order") from e
        scalar = self._entropy(32)
        y_i = cpace.x25519(scalar, self._generator(shared, x, salt, cost, sid))
        self._prk = agree(sid, scalar, y_r, y_r, y_i, self._kem.decapsulate(ct))
        th = H(self._m1, self._m2, y_i)
        public = self._me.public_key().public_bytes_raw()
        identity = lp(self._name.encode(), public, self._me.sign(_signed_by_technician(th)))
        payload = AESGCM(key(self._prk, "payload i", th)).encrypt(_ZERO_NONCE, identity, th)
        m3 = message(3, y_i, payload, mac(key(self._prk, "confirm i", th), th, payload))
        self._th2 = H(th, m3)
        self.state = State.SENT3
        return m3

    def finish(self, m4: bytes) -> None:
        """Raises WrongSecret, NotNow."""
        self._enter(State.SENT3)
        _turned_down(m4)
        (confirm,) = parse(m4, 4, (TAG,))
        if not equal(confirm, confirmation(self._prk, self._th2)):
            raise WrongSecret("the device's confirmation does not verify")
        self.opened = derive(self._prk, self._th2, joiner=True, identity=self._name)
        self.state = State.OPEN


class Device(_Run):
    """Device: `receive` takes M1 and gives M2, then takes M3 and gives M4; of the Abort that it raises `reply`
    makes what to say instead. `admits`: whether a technician of that key may come in."""

    def __init__(
        self,
        session: bytes,
        me: Ed25519PrivateKey,
        verifier: Verifier,
        tries: Tries,
        admits: Callable[[Known], bool],
        *,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        super().__init__(session, entropy)
        self.known: Known | None = None
        self._me, self._verifier, self._tries, self._admits = me, verifier, tries, admits
        self._m1 = self._m2 = self._sid = self._scalar = self._y_r = self._shared = b""

    def receive(self, data: bytes) -> bytes:
        if self._enter(State.START, State.SENT2) is State.START:
            return self._on_m1(data)
        return self._on_m3(data)

    def _on_m1(self, m1: bytes) -> bytes:
        suite, mode, session, _, ek = parse(m1, 1, (len(SUITE), 1, SESSION, NONCE, EK))
        if suite != SUITE or mode != MODE or session != self._session:
            raise Abort("another suite, mode or session")
        if wait := self._tries.wait():
            raise NotNow(max(1, round(wait)))
        n_r, x = self._entropy(NONCE), self._entropy(32)
        self._shared, ct = encapsulate(ek)
        salt, cost = self._verifier.salt, self._verifier.cost.pack()
        point = cpace.x25519(x, BASE)
        extra = lp(salt, cost, point, self._me.public_key().public_bytes_raw())
        self._m1, self._sid = m1, sid_of(m1, n_r, ct, extra)
        self._scalar = self._entropy(32)
        generator = self._generator(cpace.x25519(x, self._verifier.w), point, salt, cost, self._sid)
        self._y_r = cpace.x25519(self._scalar, generator)
        signature = self._me.sign(_signed_by_device(m1, n_r, self._y_r, ct, extra))
        self._m2 = message(2, n_r, self._y_r, ct, extra, signature)
        self.state = State.SENT2
        return self._m2

    def _on_m3(self, m3: bytes) -> bytes:
        if not self._tries.spend():  # first: a try counts whatever becomes of it
            raise NotNow(max(1, round(self._tries.wait())))
        y_i, payload, confirm = parse(m3, 3, (POINT, range(16 + IDENTIFIED, 16 + IDENTIFIED + IDENTITY + 1), TAG))
        if equal(y_i, self._y_r):
            raise Abort("our own public value came back")
        prk = agree(self._sid, self._scalar, y_i, self._y_r, y_i, self._shared)
        th = H(self._m1, self._m2, y_i)
        if not equal(confirm, mac(key(prk, "confirm i", th), th, payload)):
            raise WrongSecret("the technician's confirmation does not verify")
        known = _identified(prk, th, payload)
        if not self._admits(known):
            raise Unknown(known)
        self._tries.right()
        th2 = H(th, m3)
        self.known = known
        self.opened = derive(prk, th2, joiner=False, identity=known.name)
        self.state = State.OPEN
        return message(4, confirmation(prk, th2))


def reply(error: Abort) -> bytes:
    """What a device says instead of its next message; the same whether the code or the technician was not known."""
    return later(error.seconds) if isinstance(error, NotNow) else REFUSED


def _identified(prk: bytes, th: bytes, payload: bytes) -> Known:
    try:
        identity = AESGCM(key(prk, "payload i", th)).decrypt(_ZERO_NONCE, payload, th)
        name, public, signature = _fields(identity, (range(IDENTITY + 1), KEY, SIGNATURE))
        known = Known(name.decode(), public)
    except (InvalidTag, UnicodeDecodeError) as e:
        raise Abort("the technician's name does not open") from e
    if not _signed(public, signature, _signed_by_technician(th)):
        raise Abort("the technician's signature does not verify")
    return known


def _fields(data: bytes, lengths: tuple[int | range, ...]) -> list[bytes]:
    return parse(b"\0" + data, 0, lengths)


def _turned_down(data: bytes) -> None:
    if data == REFUSED:
        raise WrongSecret("the device turned the try down")
    if data[:1] == b"\x06":
        (seconds,) = parse(data, 6, (4,))
        raise NotNow(int.from_bytes(seconds, "big"))


def _signed_by_device(m1: bytes, n_r: bytes, y_r: bytes, ct: bytes, extra: bytes) -> bytes:
    return b"rs/1 device\0" + H(m1, lp(n_r, y_r, ct, extra))


def _signed_by_technician(th: bytes) -> bytes:
    return b"rs/1 technician\0" + th


def _signed(public: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """A key as two people compare it: 64 bits of its SHA-256 in four groups."""
    digits = hashlib.sha256(b"rs/1 fingerprint\0" + public).hexdigest()[:16]
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))
