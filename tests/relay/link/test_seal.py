"""Records: the vectors, and that nothing but the next record is ever opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.link import seal
from rs_relay.link.seal import BadRecord, Opener, Sealer

V = json.loads((Path(__file__).parents[2] / "vectors" / "schedule.json").read_text())
KEY = b"k" * 32


def test_vectors() -> None:
    sealer, opener = Sealer(bytes.fromhex(V["i2r"]), "i2r", 0.0), Opener(bytes.fromhex(V["i2r"]), "i2r")
    for text, record in V["records_i2r"]:
        assert sealer.seal(text.encode(), 0.0).hex() == record
        assert opener.open(bytes.fromhex(record)) == text.encode()
    text, record = V["after_rekey_i2r"]
    sealer.rekey(0.0)
    assert sealer.seal(text.encode(), 0.0).hex() == record
    assert opener.open(bytes.fromhex(record)) == text.encode()


@given(st.lists(st.binary(max_size=300), max_size=20), st.lists(st.integers(0, 19), max_size=3))
def test_in_order_everything_opens_across_rekeys(texts: list[bytes], rekeys: list[int]) -> None:
    sealer, opener = Sealer(KEY, "i2r", 0.0), Opener(KEY, "i2r")
    for n, text in enumerate(texts):
        if n in rekeys:
            sealer.rekey(0.0)
        assert opener.open(sealer.seal(text, 0.0)) == text


@given(st.data())
def test_anything_else_is_refused_and_changes_nothing(data: st.DataObject) -> None:
    sealer, opener = Sealer(KEY, "i2r", 0.0), Opener(KEY, "i2r")
    other = Sealer(KEY, "r2i", 0.0)
    records = [bytes(sealer.seal(f"record {n}".encode(), 0.0)) for n in range(4)]
    assert opener.open(records[0]) == b"record 0"
    at = data.draw(st.integers(0, len(records[1]) * 8 - 1))
    flipped = bytearray(records[1])
    flipped[at // 8] ^= 1 << at % 8
    bad = data.draw(
        st.sampled_from(
            [records[0], records[2], records[3], bytes(flipped), records[1][:-1], records[1] + b"\0", b"",
             bytes(other.seal(b"reflected", 0.0)), bytes(seal.OVERHEAD), bytes(seal.OVERHEAD + seal.MAX_PLAINTEXT + 1)]
        )
    )  # fmt: skip
    with pytest.raises(BadRecord):
        opener.open(bad)
    assert [opener.open(r) for r in records[1:]] == [b"record 1", b"record 2", b"record 3"]


def test_keys_change_by_count_by_bytes_and_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "REKEY_RECORDS", 3)
    monkeypatch.setattr(seal, "REKEY_BYTES", 100)
    sealer, opener = Sealer(KEY, "i2r", 0.0), Opener(KEY, "i2r")
    seen = set()
    generations = []
    for now, size in ((0.0, 1), (0.0, 1), (0.0, 1), (0.0, 1), (0.0, 200), (0.0, 1), (4000.0, 1)):
        record = bytes(sealer.seal(bytes(size), now))
        seen.add(record[:13])
        generations.append(int.from_bytes(record[1:5], "big"))
        assert opener.open(record) == bytes(size)
    assert generations == [0, 0, 0, 1, 1, 2, 3]
    assert len(seen) == 7  # no generation and sequence twice: no nonce twice


def test_a_record_has_a_largest_size() -> None:
    with pytest.raises(ValueError, match="256 KiB"):
        Sealer(KEY, "i2r", 0.0).seal(bytes(seal.MAX_PLAINTEXT + 1), 0.0)
