"""The handshake of a first link: both ends prove that they know the code's secret, and agree on fresh keys.

Law: a run is one-shot. It is DEAD before it parses anything and OPEN only at the very end; a message that the table
does not hold for the state the run is in, or that is not exactly of its form, ends it as `Abort`. Nothing is ever
negotiated: one suite, one version, no fallback.

    joiner (typed the code) = I                     holder (made the code) = R
    M1  SUITE mode session n_i ek      ──────▶                                      START ─▶ SENT1 | START ─▶ SENT2
                                       ◀──────      M2  n_r Y_r ct extra sig        SENT1 ─▶ SENT3
    M3  Y_i payload confirm_i          ──────▶      a wrong secret shows here       SENT2 ─▶ OPEN (or DEAD)
                                       ◀──────      M4  confirm_r                   SENT3 ─▶ OPEN

The joiner proves its knowledge first, so the holder is never an oracle beyond yes or no; it counts each try *before*
it looks at it. CPace (initiator = R) makes K from the secret; an ML-KEM-768 key, always, makes the recorded session
worthless to a later quantum computer. Roles, session and the whole transcript are bound into every key.
`link/unattended.py` is the same with a device's access code in the code's place, `link/resume.py` the handshake of
every further link. Vectors: tests/vectors/schedule.json.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from rs_relay.link import codes, cpace, primitives
from rs_relay.link.keys import SUITE, H, equal, extract, key, lp, mac

ATTENDED = b"\x01"
SESSION, NONCE, POINT, EK, CT, TAG = 16, 32, 32, 1184, 1088, 32  # bytes
IDENTITY = 256  # bytes of the joiner's name, at most
_ZERO_NONCE = bytes(12)  # the payload's key is used for one message only

Entropy = Callable[[int], bytes]


class Abort(Exception):
    """The run is over and nothing was agreed. The text is for the log; no secret in it."""


class WrongSecret(Abort):
    """The other end does not know the code's secret (holder: M3 did not verify; joiner: M4 did not)."""


class Role(StrEnum):
    TECHNICIAN = "technician"
    AGENT = "agent"


class State(StrEnum):
    START = "start"
    SENT1 = "sent-1"
    SENT2 = "sent-2"
    SENT3 = "sent-3"
    OPEN = "open"
    DEAD = "dead"


@dataclass(frozen=True)
class Opened:
    """What a finished handshake yields. `joiner` says which direction is ours; `identity` is the joiner's name."""

    joiner: bool
    i2r: bytes = field(repr=False)
    r2i: bytes = field(repr=False)
    resume: bytes = field(repr=False)
    sas_seed: bytes = field(repr=False)
    log_id: str
    identity: str


@dataclass
class Attempts:
    """The holder's memory of one code: how often a wrong secret was tried, and whether it has been used up."""

    failures: int = 0
    running: bool = False
    used: bool = False

    @property
    def retired(self) -> bool:
        return self.used or self.failures >= codes.MAX_WRONG


def message(kind: int, *fields: bytes) -> bytes:
    return bytes([kind]) + lp(*fields)


# Said by the holder instead of M2 or M4 when it turns a try down. Not authenticated: it only spares the joiner a wait.
REFUSED = message(5)


def parse(data: bytes, kind: int, lengths: tuple[int | range, ...]) -> list[bytes]:
    """The fields of a message of exactly this kind and these lengths; Abort for anything else, trailing bytes too."""
    if not data or data[0] != kind:
        raise Abort("a handshake message out of turn")
    fields, at = [], 1
    for length in lengths:
        size = int.from_bytes(data[at : at + 4], "big")
        fits = size in length if isinstance(length, range) else size == length
        if len(data) < at + 4 + size or not fits:
            raise Abort("a handshake message of the wrong form")
        fields.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(data):
        raise Abort("a handshake message of the wrong form")
    return fields


def derive(prk: bytes, context: bytes, joiner: bool, identity: str) -> Opened:
    """The keys that every handshake ends in; `context` is the hash of its whole transcript."""
    return Opened(
        joiner=joiner,
        i2r=key(prk, "data i2r", context),
        r2i=key(prk, "data r2i", context),
        resume=key(prk, "resume", context),
        sas_seed=key(prk, "sas seed", context),
        log_id=key(prk, "log id", context, 8).hex(),
        identity=identity,
    )


class _Run:
    """What the two roles share: the state, and what the secret and the public parts make together."""

    def __init__(self, secret: str, session: bytes, joiner_role: Role, entropy: Entropy) -> None:
        if len(session) != SESSION:
            raise ValueError("a session's id has 16 bytes")
        holder_role = Role.AGENT if joiner_role is Role.TECHNICIAN else Role.TECHNICIAN
        self.state = State.START
        self.opened: Opened | None = None
        self._session = session
        self._entropy = entropy
        self._prs = lp(b"rs/1 code", secret.encode("ascii"))
        self._ci = lp(SUITE, ATTENDED, b"I=" + joiner_role.encode(), b"R=" + holder_role.encode(), session)

    def _enter(self, *expected: State) -> State:
        """The state a message arrives in; the run is DEAD until it has been handled."""
        state, self.state = self.state, State.DEAD
        if state not in expected:
            raise Abort("a handshake message out of turn")
        return state

    def _generator(self, sid: bytes) -> bytes:
        return cpace.generator(self._prs, self._ci, sid)


def sid_of(m1: bytes, n_r: bytes, ct: bytes, extra: bytes) -> bytes:
    """CPace's session id: everything public that was said before Y_r."""
    return H(b"rs/1 sid", m1, n_r, ct, extra)


def agree(sid: bytes, scalar: bytes, peer: bytes, y_r: bytes, y_i: bytes, kem: bytes) -> bytes:
    """PRK: what CPace and ML-KEM make together. Raises Abort for a public value of low order."""
    try:
        k = cpace.x25519(scalar, peer)
    except cpace.LowOrder as e:
        raise Abort("a public value of low order") from e
    return extract(H(SUITE), lp(cpace.isk(sid, k, y_r, b"rs/1 R", y_i, b"rs/1 I"), kem))


def encapsulate(ek: bytes) -> tuple[bytes, bytes]:
    """(shared secret, ciphertext). Raises Abort for what is no key."""
    try:
        return primitives.MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
    except ValueError as e:
        raise Abort("not an ML-KEM-768 key") from e


class Joiner(_Run):
    """I: the end where the code was typed. `start()` gives M1, `receive` takes M2 and gives M3, then takes M4."""

    def __init__(
        self, secret: str, session: bytes, role: Role, identity: str, *, entropy: Entropy = secrets.token_bytes
    ) -> None:
        super().__init__(secret, session, role, entropy)
        self._identity = identity.encode()[:IDENTITY].decode(errors="ignore")
        self._kem = primitives.MLKEM768PrivateKey.from_seed_bytes(entropy(64))
        self._m1 = b""
        self._prk = self._th2 = b""

    def start(self) -> bytes:
        self._enter(State.START)
        ek = self._kem.public_key().public_bytes_raw()
        self._m1 = message(1, SUITE, ATTENDED, self._session, self._entropy(NONCE), ek)
        self.state = State.SENT1
        return self._m1

    def receive(self, data: bytes) -> bytes | None:
        state = self._enter(State.SENT1, State.SENT3)
        if data == REFUSED:
            raise WrongSecret("the holder turned the try down")
        if state is State.SENT1:
            return self._on_m2(data)
        self._on_m4(data)
        return None

    def _on_m2(self, m2: bytes) -> bytes:
        n_r, y_r, ct, extra, _ = parse(m2, 2, (NONCE, POINT, CT, 0, 0))
        sid = sid_of(self._m1, n_r, ct, extra)
        scalar = self._entropy(32)
        y_i = cpace.x25519(scalar, self._generator(sid))
        self._prk = agree(sid, scalar, y_r, y_r, y_i, self._kem.decapsulate(ct))
        th = H(self._m1, m2, y_i)
        payload = primitives.AESGCM(key(self._prk, "payload i", th)).encrypt(_ZERO_NONCE, self._identity.encode(), th)
        m3 = message(3, y_i, payload, mac(key(self._prk, "confirm i", th), th, payload))
        self._th2 = H(th, m3)
        self.state = State.SENT3
        return m3

    def _on_m4(self, m4: bytes) -> None:
        (confirm,) = parse(m4, 4, (TAG,))
        if not equal(confirm, confirmation(self._prk, self._th2)):
            raise WrongSecret("the holder's confirmation does not verify")
        self.opened = derive(self._prk, self._th2, joiner=True, identity=self._identity)
        self.state = State.OPEN


def confirmation(prk: bytes, th2: bytes) -> bytes:
    """confirm_r: the holder's proof, over everything said so far."""
    return hmac.digest(key(prk, "confirm r", th2), th2, "sha256")


class Holder(_Run):
    """R: the end that made the code. `receive` takes M1 and gives M2, then takes M3 and gives M4.

    `attempts` is shared by all runs for one code: one run in flight, three failures, single use. Call `abandon` when
    the run ends any other way than OPEN, so that the next may start.
    """

    def __init__(
        self,
        secret: str,
        session: bytes,
        role: Role,
        attempts: Attempts,
        *,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        super().__init__(secret, session, Role.AGENT if role is Role.TECHNICIAN else Role.TECHNICIAN, entropy)
        self._attempts = attempts
        self._mine = False  # whether this run is the one in flight
        self._m1 = self._m2 = self._sid = self._scalar = self._y_r = self._shared = b""

    def abandon(self) -> None:
        if self.state is not State.OPEN:
            self.state = State.DEAD
        if self._mine:
            self._mine = self._attempts.running = False

    def receive(self, data: bytes) -> bytes:
        try:
            if self._enter(State.START, State.SENT2) is State.START:
                return self._on_m1(data)
            return self._on_m3(data)
        except BaseException:
            self.abandon()
            raise

    def _on_m1(self, m1: bytes) -> bytes:
        suite, mode, session, _, ek = parse(m1, 1, (len(SUITE), 1, SESSION, NONCE, EK))
        if suite != SUITE or mode != ATTENDED or session != self._session:
            raise Abort("another suite, mode or session")
        if self._attempts.retired or self._attempts.running:
            raise Abort("the code is used up, or being tried right now")
        self._attempts.running = self._mine = True
        n_r = self._entropy(NONCE)
        self._shared, ct = encapsulate(ek)
        self._m1, self._sid = m1, sid_of(m1, n_r, ct, b"")
        self._scalar = self._entropy(32)
        self._y_r = cpace.x25519(self._scalar, self._generator(self._sid))
        self._m2 = message(2, n_r, self._y_r, ct, b"", b"")
        self.state = State.SENT2
        return self._m2

    def _on_m3(self, m3: bytes) -> bytes:
        self._attempts.failures += 1  # first: a try counts whatever becomes of it
        y_i, payload, confirm = parse(m3, 3, (POINT, range(16, IDENTITY + 17), TAG))
        if equal(y_i, self._y_r):
            raise Abort("our own public value came back")
        prk = agree(self._sid, self._scalar, y_i, self._y_r, y_i, self._shared)
        th = H(self._m1, self._m2, y_i)
        if not equal(confirm, mac(key(prk, "confirm i", th), th, payload)):
            raise WrongSecret("the joiner's confirmation does not verify")
        try:
            identity = primitives.AESGCM(key(prk, "payload i", th)).decrypt(_ZERO_NONCE, payload, th).decode()
        except (primitives.InvalidTag, UnicodeDecodeError) as e:
            raise Abort("the joiner's name does not open") from e
        self._attempts.failures, self._attempts.used = 0, True
        th2 = H(th, m3)
        self.opened = derive(prk, th2, joiner=False, identity=identity)
        self.state = State.OPEN
        self.abandon()
        return message(4, confirmation(prk, th2))
