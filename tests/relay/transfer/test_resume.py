from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.transfer import resume
from rs_relay.transfer.names import PART_PREFIX
from rs_relay.transfer.resume import SLOT, Record, decode, encode, file_key, part_name, record_every, slot_of

RECORD = Record("k" * 64, 2**62, 2**62, 2**61, b"x" * 32, 4)


def both(*records: Record) -> bytes:
    data = bytearray(2 * SLOT)
    for record in records:
        data[slot_of(record) : slot_of(record) + SLOT] = encode(record)
    return bytes(data)


def later(record: Record, offset: int) -> Record:
    return Record(record.key, record.size, record.mtime_ns, offset, record.sha256, record.serial + 1)


def test_the_newest_record_counts() -> None:
    newer = later(RECORD, 5)
    assert decode(both(RECORD, newer)) == decode(both(newer, RECORD)) == newer
    assert decode(both(RECORD)) == RECORD


@given(st.integers(0, SLOT - 1))
def test_a_write_torn_anywhere_leaves_the_older_record(at: int) -> None:
    newer = later(RECORD, 5)
    whole = both(RECORD, newer)
    start = slot_of(newer)
    torn = whole[: start + at] + both(RECORD)[start + at :]
    assert decode(torn) in (RECORD, newer)


@given(st.binary(max_size=3 * SLOT))
def test_rubbish_is_no_record(data: bytes) -> None:
    assert decode(data) is None


def test_another_version_is_another_file() -> None:
    assert RECORD.same_file(RECORD.key, RECORD.size, RECORD.mtime_ns)
    assert not RECORD.same_file(RECORD.key, RECORD.size, RECORD.mtime_ns + 1)
    keys = {file_key("/a", 1, 2), file_key("/b", 1, 2), file_key("/a", 2, 2), file_key("/a", 1, 3)}
    assert len(keys) == 4
    assert all(len(key) == 64 for key in keys)
    assert len({part_name(key, "a") for key in keys}) == 2  # all versions of one file take up the same place
    assert file_key("/a\udcff", 1, 2)  # a name that is no text is a name nevertheless


def test_where_the_unfinished_lies() -> None:
    assert part_name("k", "a").startswith(PART_PREFIX)
    assert len(part_name("k", "a")) == len(PART_PREFIX) + 16
    assert part_name("k", "a") != part_name("k", "b") != part_name("l", "b")


@pytest.mark.parametrize("size", [-1, 0, 1, 1 << 30, 1 << 40])
def test_a_kill_costs_little(size: int) -> None:
    assert resume.RECORD_MIN <= record_every(size) <= max(resume.RECORD_MIN, min(size // 64, resume.RECORD_MAX))
