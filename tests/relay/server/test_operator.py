"""What the operator types, and reads. Processes, since that is what they are."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from rs_relay.server import operator
from rs_relay.server.accounts import is_token
from tests.support.relay import relay_command


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def audit_key(stderr: str) -> str:
    found = re.search(r"rsk_[0-9a-f]{64}", stderr)
    assert found is not None
    return found[0]


def test_a_token_is_printed_once_alone_on_standard_output(data: str) -> None:
    done = relay_command("technician", "add", "Ana", "--data", data)
    assert done.returncode == 0
    assert is_token(done.stdout.strip())
    assert "shown this once" in done.stderr
    assert "rsk_" not in relay_command("technician", "add", "Ben", "--data", data).stderr


def test_technicians_are_listed_for_people_and_programs(data: str) -> None:
    assert "Nobody yet" in relay_command("technician", "list", "--data", data).stdout
    assert not Path(data).exists(), "asking makes nothing"
    for name in ("Ben", "Ana"):
        relay_command("technician", "add", name, "--data", data)
    rows = json.loads(relay_command("technician", "list", "--json", "--data", data).stdout)
    assert [row["name"] for row in rows] == ["Ana", "Ben"]
    assert set(rows[0]) == {"name", "added"}
    assert "Ana" in relay_command("technician", "list", "--data", data).stdout


def test_a_new_token_is_another_one(data: str) -> None:
    old = relay_command("technician", "add", "Ana", "--data", data).stdout
    new = relay_command("technician", "new-token", "Ana", "--data", data).stdout
    assert is_token(new.strip())
    assert new != old


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["technician", "add", "Ana"], 2, "already"),
        (["technician", "add", " "], 2, "printable"),
        (["technician", "add", "\x1b[2J"], 2, "printable"),
        (["technician", "add", "x" * 65], 2, "printable"),
        (["technician", "remove", "Ben"], 5, "no technician"),
        (["technician", "new-token", "Ben"], 5, "no technician"),
        (["audit", "verify"], 2, "standard input"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_status(data: str, arguments: list[str], status: int, says: str) -> None:
    relay_command("technician", "add", "Ana", "--data", data)
    done = relay_command(*arguments, "--data", data)
    assert done.returncode == status
    assert says in done.stderr
    assert "\x1b[2J" not in done.stderr


def test_the_record_is_verified_with_the_key_and_a_change_is_named(data: str) -> None:
    key = audit_key(relay_command("technician", "add", "Ana", "--data", data).stderr)
    for name in ("Ben", "Cem"):
        relay_command("technician", "add", name, "--data", data)
    verify = ("audit", "verify", "--key-stdin", "--data", data)
    done = relay_command(*verify, stdin=key + "\n")
    assert done.returncode == 0
    assert done.stdout.startswith("3 rows, none changed.")
    with sqlite3.connect(Path(data) / "relay.db") as db:
        db.execute("UPDATE audit SET entry = replace(entry, 'Ben', 'Eve') WHERE n = 2")
    done = relay_command(*verify, stdin=key)
    assert done.returncode == 11
    assert done.stdout == "row 2 was changed or added\n"
    assert "first at row 2" in done.stderr
    assert relay_command(*verify, stdin="rsk_nonsense").returncode == 2


def test_the_record_can_be_taken_elsewhere(data: str) -> None:
    relay_command("technician", "add", "Ana", "--data", data)
    relay_command("technician", "remove", "Ana", "--data", data)
    lines = relay_command("audit", "export", "--json", "--data", data).stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["technician-added", "technician-removed"]
    assert "technician-removed" in relay_command("audit", "export", "--data", data).stdout


def test_the_data_lies_with_the_rest_of_the_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path))
    assert operator.data_folder(None) == tmp_path / "relay"
    assert operator.data_folder(Path("x")) == Path("x")
