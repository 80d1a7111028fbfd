from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from rs_relay.errors import LocalProblem, UsageError
from rs_relay.server.accounts import hash_of, new_token
from rs_relay.server.audit import NOTHING, seal
from rs_relay.server.devices import Row
from rs_relay.server.store import Store


def test_technicians_come_and_go(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    one, two = b"1" * 32, b"2" * 32
    assert store.add("Ana", one)
    assert not store.add("Ana", two)
    assert store.find(one).name == "Ana"  # type: ignore[union-attr]
    assert store.replace_token("Ana", two)
    assert store.find(one) is None
    assert [a.name for a in store.technicians()] == ["Ana"]
    assert store.remove("Ana")
    assert not store.remove("Ana")
    assert not store.replace_token("Ana", one)
    assert store.find(two) is None


def test_devices_are_kept_changed_and_go_with_their_technician(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    store.add("Ana", b"1" * 32)
    one = Row("Ana", "a" * 32, "b" * 64, "till", added=5.0)
    store.keep_device(one)
    store.keep_device(Row("Ben", "a" * 32, "b" * 64, "his till"))
    changed = replace(one, name="till 1", tags=("shop", "front"), group="Lyon")
    store.keep_device(changed)
    assert {row.technician: row for row in Store(tmp_path / "data").devices()}["Ana"] == changed
    store.drop_device(one)
    assert [row.technician for row in store.devices()] == ["Ben"]
    store.keep_device(one)
    store.remove("Ana")
    assert [row.technician for row in store.devices()] == ["Ben"]


def test_a_database_of_the_version_before_gets_what_is_new(tmp_path: Path) -> None:
    Store(tmp_path / "data").close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'data' / 'relay.db'}")
    with engine.begin() as db:
        db.execute(sa.text("DROP TABLE devices"))
        db.execute(sa.text("UPDATE schema_version SET version = 1"))
    assert Store(tmp_path / "data").devices() == ()
    with engine.begin() as db:
        assert db.execute(sa.text("SELECT version FROM schema_version")).scalar_one() == 2


def test_what_one_process_writes_another_reads_at_once(tmp_path: Path) -> None:
    server, command = Store(tmp_path / "data"), Store(tmp_path / "data")
    command.add("Ana", b"1" * 32)
    assert server.find(b"1" * 32) is not None
    command.remove("Ana")
    assert server.find(b"1" * 32) is None


def test_everything_is_private_from_the_first_byte_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = Store(tmp_path / "data")
        store.add("Ana", b"1" * 32)
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "data").iterdir()}
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"relay.db", "relay.db-wal", "relay.db-shm"} <= set(modes)


def test_what_lies_on_the_disk_holds_no_token(tmp_path: Path) -> None:
    token = new_token()
    store = Store(tmp_path / "data")
    store.add("Ana", hash_of(token))
    on_disk = b"".join(p.read_bytes() for p in (tmp_path / "data").iterdir())
    assert hash_of(token) in on_disk, "the control: the hash is there to be found"
    assert token.encode() not in on_disk
    assert token[4:-6].encode() not in on_disk


@pytest.mark.parametrize("what", ["folder", "database"])
def test_what_others_may_read_is_refused(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "data"
    Store(folder).close()
    os.chmod(folder if what == "folder" else folder / "relay.db", 0o755)
    with pytest.raises(LocalProblem, match="read by others") as caught:
        Store(folder)
    assert "chmod" in caught.value.hint


def test_a_database_of_a_newer_relay_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    Store(folder).close()
    with sa.create_engine(f"sqlite:///{folder / 'relay.db'}").begin() as db:
        db.execute(sa.text("UPDATE schema_version SET version = 99"))
    with pytest.raises(LocalProblem, match="newer rs-relay"):
        Store(folder)


def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "relay.db").touch(0o600)
    (folder / "relay.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LocalProblem, match="cannot be opened"):
        Store(folder)


def test_a_place_that_cannot_be_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalProblem, match="data directory"):
        Store(tmp_path / "file")


def test_a_url_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the URL of a database"):
        Store(tmp_path / "data", "no url")


def test_rows_are_kept_in_order_all_or_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    rows = [seal(n, b"k" * 32, NOTHING, 1e9, "event", {}) for n in (1, 2, 3)]
    store.append(rows[:2])
    with pytest.raises(sa.exc.IntegrityError):
        store.append([rows[2], rows[1]])
    with store.rows() as kept:
        assert list(kept) == rows[:2]
    assert store.last_row() == rows[1]
