"""Records: every byte after the handshake travels in one of these.

    record = version(1) | generation(u32) | sequence(u64) | AES-256-GCM(key, nonce = iv XOR sequence, aad = header)

Law: a receiver accepts the next sequence of this generation, or sequence 0 of the next generation, and nothing else;
it changes its state only after the tag has verified. Everything else (replay, gap, reorder, a flipped bit, our own
record reflected) is `BadRecord`, after which the connection is cut at once and the session resumes on a new one.
A sender changes its keys after 2^20 records, 1 GiB or 60 minutes, and forgets the old ones: far below what GCM bears.
"""

from __future__ import annotations

from rs_relay.link import primitives
from rs_relay.link.keys import expand, lp

HEADER = 13
OVERHEAD = HEADER + 16
# The plaintext of a record. 256 KiB: at 64 KiB each byte costs the ends and the relay's operator a quarter more CPU in
# asyncio and websocket code, and the GCM limits are just as far away.
MAX_PLAINTEXT = 256 * 1024
REKEY_RECORDS = 2**20
REKEY_BYTES = 2**30
REKEY_SECONDS = 3600.0


class BadRecord(Exception):
    """Not the record that must come next. The connection ends at once."""


class _Direction:
    """The keys of one direction in one generation."""

    def __init__(self, secret: bytes, label: bytes) -> None:
        self._secret, self._label = secret, label
        self.generation = self.sequence = 0
        self._load()

    def _load(self) -> None:
        name = self.generation.to_bytes(4, "big") + self._label
        self.aead = primitives.AESGCM(expand(self._secret, lp(b"rs/1 key", name), 32))
        self._iv = int.from_bytes(expand(self._secret, lp(b"rs/1 iv", name), 12), "big")

    def next_generation(self) -> _Direction:
        """The direction one generation on; this one is left as it is."""
        name = (self.generation + 1).to_bytes(4, "big") + self._label
        after = _Direction.__new__(_Direction)
        after._secret, after._label = expand(self._secret, lp(b"rs/1 rekey", name), 32), self._label
        after.generation, after.sequence = self.generation + 1, 0
        after._load()
        return after

    def header(self) -> bytes:
        return b"\x01" + self.generation.to_bytes(4, "big") + self.sequence.to_bytes(8, "big")

    def nonce(self) -> bytes:
        return (self._iv ^ self.sequence).to_bytes(12, "big")


class Sealer:
    """Plaintext in, records out, in order. `label` is `i2r` or `r2i`."""

    def __init__(self, secret: bytes, label: str, now: float) -> None:
        self._keys = _Direction(secret, label.encode())
        self._bytes, self._since = 0, now

    def seal(self, plaintext: bytes | bytearray | memoryview, now: float, headroom: int = 0) -> bytearray:
        """The next record, after `headroom` free bytes for whoever frames it."""
        if len(plaintext) > MAX_PLAINTEXT:
            raise ValueError("a record's plaintext is at most 256 KiB")
        keys = self._keys
        if keys.sequence >= REKEY_RECORDS or self._bytes >= REKEY_BYTES or now - self._since >= REKEY_SECONDS:
            self.rekey(now)
            keys = self._keys
        header = keys.header()
        record = bytearray(headroom + OVERHEAD + len(plaintext))
        record[headroom : headroom + HEADER] = header
        keys.aead.encrypt_into(keys.nonce(), plaintext, header, memoryview(record)[headroom + HEADER :])
        keys.sequence += 1
        self._bytes += len(plaintext)
        return record

    def rekey(self, now: float) -> None:
        self._keys = self._keys.next_generation()
        self._bytes, self._since = 0, now


class Opener:
    """Records in, plaintext out, in order. Raises BadRecord for anything else, and stays as it was."""

    def __init__(self, secret: bytes, label: str) -> None:
        self._keys = _Direction(secret, label.encode())

    def open(self, record: bytes | bytearray | memoryview) -> bytes:
        if not OVERHEAD <= len(record) <= OVERHEAD + MAX_PLAINTEXT:
            raise BadRecord("a record of the wrong size")
        header = bytes(record[:HEADER])
        keys = self._keys
        if header != keys.header():
            keys = keys.next_generation()
            if header != keys.header():
                raise BadRecord("not the record that comes next")
        try:
            plaintext = keys.aead.decrypt(keys.nonce(), memoryview(record)[HEADER:], header)
        except primitives.InvalidTag as e:
            raise BadRecord("a record that does not verify") from e
        keys.sequence += 1
        self._keys = keys
        return plaintext
