"""The record: whatever is done to it afterwards is found, at the row."""

from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import LocalProblem, UsageError
from rs_relay.server import audit
from rs_relay.server.audit import NOTHING, Fault, Ledger, Row, Trail, next_key, parse_key, row_hash, seal, verify

FIRST = b"k" * 32


class Shelf:
    def __init__(self) -> None:
        self.rows: list[Row] = []

    def last_row(self) -> Row | None:
        return self.rows[-1] if self.rows else None

    def append(self, rows: list[Row]) -> None:  # type: ignore[override]
        self.rows += rows


def chain(length: int) -> list[Row]:
    rows, key, previous = [], FIRST, NOTHING
    for n in range(1, length + 1):
        rows.append(seal(n, key, previous, 1e9 + n, "event", {"value": n}))
        key, previous = next_key(key), row_hash(rows[-1])
    return rows


def faults(rows: list[Row], key: bytes = FIRST) -> list[Fault]:
    return list(verify(key, rows))


def test_a_whole_record_has_no_fault() -> None:
    assert faults(chain(50)) == []
    assert faults([]) == []


@given(st.integers(0, 19), st.sampled_from(["entry", "previous", "mac"]), st.integers(0, 31))
def test_a_changed_row_is_named(at: int, field: str, byte: int) -> None:
    rows = chain(20)
    old = getattr(rows[at], field)
    new = old.replace("value", "valeu") if field == "entry" else old[:byte] + bytes((old[byte] ^ 1,)) + old[byte + 1 :]
    rows[at] = replace(rows[at], **{field: new})
    assert faults(rows)[0] == Fault(at + 1, "was changed or added")


@given(st.integers(0, 18))
def test_a_deleted_row_is_named(at: int) -> None:
    rows = chain(20)
    del rows[at]
    assert faults(rows) == [Fault(at + 1, "is missing")]


@given(st.integers(0, 18))
def test_a_row_taken_out_and_the_rest_renumbered_is_named(at: int) -> None:
    rows = chain(20)
    del rows[at]
    rows = [replace(row, n=n) for n, row in enumerate(rows, start=1)]
    assert faults(rows)[0].n == at + 1


@given(st.integers(0, 19))
def test_an_inserted_row_is_named(at: int) -> None:
    rows = chain(20)
    forged = seal(at + 1, b"guess" * 6 + b"xx", rows[at].previous, 1e9, "nothing-happened", {})
    rows = [replace(row, n=n) for n, row in enumerate([*rows[:at], forged, *rows[at:]], start=1)]
    assert faults(rows)[0] == Fault(at + 1, "was changed or added")


@given(st.integers(0, 18))
def test_two_rows_that_changed_places_are_named(at: int) -> None:
    rows = chain(20)
    rows[at], rows[at + 1] = replace(rows[at + 1], n=at + 1), replace(rows[at], n=at + 2)
    assert [f.n for f in faults(rows)][:2] == [at + 1, at + 2]


def test_a_row_that_is_there_twice_is_named() -> None:
    rows = chain(5)
    assert faults([*rows[:3], rows[2], *rows[3:]]) == [Fault(3, "is there twice")]


def test_a_record_sealed_with_todays_key_cannot_be_rewritten_from_the_beginning() -> None:
    """Who takes the relay over has K_21; the rows before it are out of reach."""
    key, rows = FIRST, chain(20)
    for _ in rows:
        key = next_key(key)
    forged, previous = [], NOTHING
    for n in range(1, 21):
        forged.append(seal(n, key, previous, 1e9 + n, "event", {"value": 0}))
        previous = row_hash(forged[-1])
    assert faults(forged)[0].n == 1


def test_a_gap_made_to_keep_the_check_busy_for_ever_is_cut_short() -> None:
    rows = chain(3)
    rows[2] = replace(rows[2], n=2**60)
    assert faults(rows) == [Fault(3, "is missing, and many after it")]


def test_a_wrong_key_fits_no_row() -> None:
    assert len(faults(chain(5), b"x" * 32)) == 5


# On the disk


def new_ledger(folder: Path) -> tuple[Ledger, Shelf, bytes]:
    shelf = Shelf()
    ledger = Ledger(shelf, folder)
    key = ledger.create()
    assert key is not None
    return ledger, shelf, parse_key(key)


def test_the_first_key_is_shown_once_and_not_kept(tmp_path: Path) -> None:
    ledger, shelf, first = new_ledger(tmp_path)
    assert ledger.create() is None
    ledger.append([(0.0, "one", {})])
    assert first not in (tmp_path / "audit.key").read_bytes()
    assert faults(shelf.rows, first) == []


def test_the_key_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        new_ledger(tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "audit.key").stat().st_mode) == 0o600


def test_a_crash_between_the_rows_and_the_key_is_made_good(tmp_path: Path) -> None:
    ledger, shelf, first = new_ledger(tmp_path)
    ledger.append([(0.0, "one", {}), (0.0, "two", {})])
    before = (tmp_path / "audit.key").read_bytes()
    ledger.append([(0.0, "three", {}), (0.0, "four", {})])
    (tmp_path / "audit.key").write_bytes(before)
    ledger.append([(0.0, "five", {})])
    assert [row.n for row in shelf.rows] == [1, 2, 3, 4, 5]
    assert faults(shelf.rows, first) == []


def test_rows_cut_off_at_the_end_are_named_as_soon_as_another_is_written(tmp_path: Path) -> None:
    ledger, shelf, first = new_ledger(tmp_path)
    ledger.append([(0.0, "event", {"n": n}) for n in range(5)])
    del shelf.rows[3:]
    ledger.append([(0.0, "later", {})])
    assert [f.n for f in faults(shelf.rows, first) if f.what == "is missing"] == [4, 5]


def test_two_that_write_at_once_make_one_chain(tmp_path: Path) -> None:
    ledger, shelf, first = new_ledger(tmp_path)
    other = Ledger(shelf, tmp_path)
    threads = [
        threading.Thread(target=lambda who=who: [who.append([(0.0, "e", {})]) for _ in range(25)])
        for who in (ledger, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.n for row in shelf.rows] == list(range(1, 51))
    assert faults(shelf.rows, first) == []


def test_a_damaged_or_missing_key_is_said_plainly(tmp_path: Path) -> None:
    ledger, _, _ = new_ledger(tmp_path)
    (tmp_path / "audit.key").write_bytes(b"x" * 48)
    with pytest.raises(LocalProblem, match="damaged"):
        ledger.append([(0.0, "one", {})])
    (tmp_path / "audit.key").unlink()
    with pytest.raises(LocalProblem, match="cannot be opened"):
        ledger.append([(0.0, "one", {})])


@pytest.mark.parametrize("text", ["", "rsk_", "rsk_zz", "rsk_" + "a" * 62])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(UsageError, match="not an audit key"):
        parse_key(text)


# While the relay runs


def test_what_comes_fast_is_written_together_and_in_order(tmp_path: Path) -> None:
    ledger, shelf, first = new_ledger(tmp_path)
    with ThreadPoolExecutor(1) as thread:
        hold = threading.Event()
        thread.submit(hold.wait)
        trail = Trail(ledger, thread, wall_clock=lambda: 1e9)
        for n in range(100):
            trail.record("event", value=n)
        hold.set()
    assert [msgspec.json.decode(row.entry)["value"] for row in shelf.rows] == list(range(100))
    assert faults(shelf.rows, first) == []


def test_a_flood_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PENDING", 10)
    ledger, shelf, _ = new_ledger(tmp_path)
    with ThreadPoolExecutor(1) as thread:
        hold = threading.Event()
        thread.submit(hold.wait)
        trail = Trail(ledger, thread)
        for n in range(25):
            trail.record("event", value=n)
        hold.set()
    assert len(shelf.rows) == 11
    last = msgspec.json.decode(shelf.rows[-1].entry)
    assert (last["event"], last["count"]) == ("entries-dropped", 15)


def test_the_head_goes_to_the_journal_every_hundred_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger, shelf, _ = new_ledger(tmp_path)
    with caplog.at_level("INFO", "rs_relay"), ThreadPoolExecutor(1) as thread:
        trail = Trail(ledger, thread, wall_clock=lambda: 1e9)
        for _ in range(100):
            trail.record("event")
            thread.submit(int).result()
    assert f"audit head 100 {row_hash(shelf.rows[99]).hex()}" in caplog.text
