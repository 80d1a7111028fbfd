"""Partial files of which nothing will ever be made: gone as soon as that is known, and none that a run writes to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rs_relay.transfer.disk import Store
from rs_relay.transfer.names import PART_PREFIX
from rs_relay.transfer.part import Part
from rs_relay.transfer.resume import file_key

DATA = bytes(range(256)) * 4096  # 1 MiB
OLD, NEW = (file_key("/home/t/a", len(DATA), version) for version in (7, 8))
OTHER = file_key("/home/t/elsewhere/a", len(DATA), 7)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no file is claimed there")


def begin(store: Store, key: str = OLD, mtime_ns: int = 7, written: int = 300_000) -> Part:
    part = store.landing("b").begin("a", len(DATA), mtime_ns, key)
    assert isinstance(part, Part)
    part.write(memoryview(DATA)[part.offset : written])
    return part


def deliver(part: Part) -> str:
    part.write(memoryview(DATA)[part.offset :])
    return part.publish()


def unfinished(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.name.startswith(PART_PREFIX) and not p.name.endswith(".record"))


def found(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in root.iterdir()}


def test_a_newer_version_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    begin(Store(tmp_path, margin=0)).park()
    part = begin(Store(tmp_path, margin=0), NEW, 8)
    assert len(unfinished(tmp_path)) == 1
    deliver(part)
    assert found(tmp_path) == {"a": DATA}


def test_another_source_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path, margin=0)
    begin(store).park()
    deliver(begin(store, OTHER))
    assert begin(store, written=300_001).offset == 300_001
    assert len(unfinished(tmp_path)) == 1


@pytest.mark.parametrize("version", [(OLD, 7), (NEW, 8)])
def test_what_another_run_writes_to_is_not_touched(tmp_path: Path, version: tuple[str, int]) -> None:
    first = begin(Store(tmp_path, margin=0))
    (lies,) = unfinished(tmp_path)
    second = begin(Store(tmp_path, margin=0), *version)
    assert deliver(second) == "a"
    assert lies in unfinished(tmp_path)
    assert deliver(first) == "a (1)"
    assert found(tmp_path) == {"a": DATA, "a (1)": DATA}


def test_what_was_delivered_by_another_run_of_this_program_is_not_kept(tmp_path: Path) -> None:
    """A transfer that was cancelled and done again at once: the first may be put away when the second has ended."""
    store = Store(tmp_path, margin=0)
    cancelled, again = begin(store), begin(store)
    deliver(again)
    cancelled.park()
    assert found(tmp_path) == {"a": DATA}


def test_what_was_delivered_by_another_run_is_removed_where_it_lies(tmp_path: Path) -> None:
    store = Store(tmp_path, margin=0)
    cancelled, again = begin(store), begin(store)
    cancelled.park()
    deliver(again)
    assert found(tmp_path) == {"a": DATA}


def test_of_two_at_once_what_is_kept_is_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path, margin=0)
    first, second = begin(store), begin(store, written=500_000)
    first.discard()
    second.park()
    assert len(unfinished(tmp_path)) == 1
    assert begin(Store(tmp_path, margin=0), written=500_001).offset == 500_001


def test_of_two_that_are_kept_one_is_enough(tmp_path: Path) -> None:
    store = Store(tmp_path, margin=0)
    first, second = begin(store), begin(store)
    first.park()
    second.park()
    assert len(list(tmp_path.iterdir())) == 2  # it and its record
    third = begin(store, written=300_000)
    assert deliver(third) == "a"
    assert found(tmp_path) == {"a": DATA}
    assert store.busy == {}


def test_what_rests_for_more_than_a_week_is_not_swept(tmp_path: Path) -> None:
    store = Store(tmp_path, margin=0)
    part = begin(store)
    for path in tmp_path.iterdir():
        os.utime(path, (1e9, 1e9))
    Store(tmp_path, margin=0).sweep(1e9 + 8 * 86400)
    assert deliver(part) == "a"
    part = begin(store)
    part.park()
    for path in tmp_path.iterdir():
        os.utime(path, (1e9, 1e9))
    Store(tmp_path, margin=0).sweep(1e9 + 8 * 86400)
    assert unfinished(tmp_path) == []


def test_what_a_kill_left_in_a_folder_is_removed_when_a_file_next_arrives_there(tmp_path: Path) -> None:
    """Of two runs at once the second has a name of its own, by which nobody looks for it again."""
    store = Store(tmp_path, margin=0)
    landing = store.landing("b", into="deep/er")
    first = landing.begin("a", len(DATA), 7, OLD)
    second = landing.begin("a", len(DATA), 7, OLD)  # as if of a program that was killed: it is claimed, not parked
    assert isinstance(first, Part)
    assert isinstance(second, Part)
    second._close_files()
    below = tmp_path / "deep" / "er"
    assert len(unfinished(below)) == 2
    for path in below.iterdir():
        os.utime(path, (1e9, 1e9))
    store.sweep(1e9 + 8 * 86400)  # the top alone
    assert len(unfinished(below)) == 2
    other = store.landing("c", into="deep/er").begin("other", len(DATA), 7, OTHER)
    assert isinstance(other, Part)
    assert deliver(first) == "a"  # it rests, and is in use
    assert deliver(other) == "other"
    assert found(below) == {"a": DATA, "other": DATA}
