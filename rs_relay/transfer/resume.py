"""What is already here of a file, and is it the same. Pure: names and bytes.

Law: a partial file is gone on with only where three things agree: the record beside it (same key, size and time of
change at the sender), the SHA-256 of what lies on the disk up to the recorded length, and the sender's own hash of its
first bytes up to there. Anything else starts afresh. The whole is hashed again at the end before it gets its name, so
that two versions can never be mixed.

The record lies in a file of two slots that are written in turn, each with its own check sum: a write that a power
failure tore leaves the other slot, which is older and still true.
"""

from __future__ import annotations

import hashlib

import msgspec

from rs_relay.transfer.names import PART_PREFIX

SLOT = 512  # one sector of the oldest disks: torn writes do not span two slots
SOURCE = 32  # hex digits of a key that tell which file it is; the others tell the version
KEEP_DAYS = 7  # an unfinished transfer that nobody took up for a week is litter

# How much a kill may cost: bytes written between two records. 8 MiB cost nothing measurable (1.98 against 1.97 GB/s),
# and 1/64 keeps what is sent twice under 2 % of a large file.
RECORD_MIN, RECORD_MAX = 8 * 1024 * 1024, 64 * 1024 * 1024


class Record(msgspec.Struct, frozen=True):
    """`offset` bytes are on the disk for good, and `sha256` is their hash."""

    key: str
    size: int
    mtime_ns: int
    offset: int
    sha256: bytes
    serial: int  # grows with each record of one file

    def same_file(self, key: str, size: int, mtime_ns: int) -> bool:
        return (self.key, self.size, self.mtime_ns) == (key, size, mtime_ns)


ZEROS = bytes(1024 * 1024)


def zeros(running: hashlib._Hash, size: int) -> None:
    """`size` zeros more are hashed: a hole in a file is part of its content."""
    while size:
        running.update(memoryview(ZEROS)[:size])
        size -= min(size, len(ZEROS))


def record_every(size: int) -> int:
    """Bytes between two records of a file of `size` bytes."""
    return min(RECORD_MAX, max(RECORD_MIN, size // 64))


def encode(record: Record) -> bytes:
    """One slot."""
    body = msgspec.msgpack.encode(record)
    slot = hashlib.sha256(body).digest()[:16] + len(body).to_bytes(2, "big") + body
    if len(slot) > SLOT:
        raise ValueError("a record does not fit its slot")
    return slot.ljust(SLOT, b"\0")


def slot_of(record: Record) -> int:
    """The byte at which this record's slot begins."""
    return (record.serial % 2) * SLOT


def decode(data: bytes) -> Record | None:
    """The newest whole record of both slots, or None."""
    found = [r for r in (_decode_slot(data[at : at + SLOT]) for at in (0, SLOT)) if r]
    return max(found, key=lambda r: r.serial, default=None)


def _decode_slot(slot: bytes) -> Record | None:
    body = slot[18 : 18 + int.from_bytes(slot[16:18], "big")]
    if len(slot) < SLOT or hashlib.sha256(body).digest()[:16] != slot[:16]:
        return None
    try:
        return msgspec.msgpack.decode(body, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def part_name(key: str, final: str) -> str:
    """Where the unfinished bytes of `key` lie until they become `final`: found again without a search. All versions of
    one source have one place, so that a newer one finds what is left of an older one, and takes its place."""
    return PART_PREFIX + hashlib.sha256(f"{key[:SOURCE]}\0{final}".encode()).hexdigest()[:16]


def file_key(identity: str, size: int, mtime_ns: int) -> str:
    """The sender's name for this version of this file; `identity` is its full path. 64 hex digits, of which the first
    SOURCE are those of all its versions."""
    source = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return source[:SOURCE] + hashlib.sha256(f"{source}\0{size}\0{mtime_ns}".encode()).hexdigest()[SOURCE:]
