"""T-30: a resume ticket opens once, in time, and leaves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from rs_agent.session import ticket as tickets
from rs_agent.session.ticket import FILE, SPENT, Refused, Ticket, Writer
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission

DEAD = Writer(2**22 + 5, 1.0)  # no system has that process
NOW = 1_795_800_000.0


def ticket(**changes: object) -> Ticket:
    values: dict[str, object] = {
        "id": "r1", "relay": "wss://relay.example", "host": "0" * 32, "rejoin": "1" * 64, "door": "2" * 64,
        "key": "3" * 64, "name": "Ada's PC", "folder": "/home/ada/Downloads/rs", "desktop": "x11", "journal": True,
        "who": ("alice",), "began": NOW - 60, "grants": {Permission.VIEW: Grant.GRANTED},
        "granted_once": (Permission.VIEW,), "paused": False, "lines": 4, "boot_id": "boot-1", "writer": DEAD,
        "written": NOW, "deadline": NOW + 600,
    }  # fmt: skip
    return Ticket(**{**values, **changes})  # type: ignore[arg-type]


def test_it_comes_back_as_it_was_and_is_gone(tmp_path: Path) -> None:
    tickets.write(tmp_path, ticket())
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert tickets.there(tmp_path)
    assert tickets.take(tmp_path, "boot-2", NOW + 50) == ticket()
    assert not tickets.there(tmp_path)
    assert tickets.take(tmp_path, "boot-2", NOW + 51) is None
    assert "3333" not in (tmp_path / SPENT).read_text()
    assert "3333" not in repr(ticket())


@pytest.mark.parametrize(
    ("boot", "now", "opens"),
    [
        ("boot-2", NOW + 1, True),
        ("boot-2", NOW + 600, True),
        ("boot-2", NOW + 601, False),  # after ten minutes
        ("boot-2", NOW - 30, True),  # a time server's correction
        ("boot-2", NOW - 61, False),  # the clock was set back
        ("boot-2", NOW - 86400, False),
        ("boot-1", NOW + 1, True),  # the program died, the computer did not go down
    ],
)
def test_in_its_time_only_and_gone_either_way(tmp_path: Path, boot: str, now: float, opens: bool) -> None:
    tickets.write(tmp_path, ticket())
    if opens:
        assert tickets.take(tmp_path, boot, now) is not None
    else:
        with pytest.raises(Refused):
            tickets.take(tmp_path, boot, now)
    assert not (tmp_path / FILE).exists()


def test_a_copy_put_back_is_refused_also_after_the_next_restart(tmp_path: Path) -> None:
    tickets.write(tmp_path, ticket())
    copy = (tmp_path / FILE).read_bytes()
    tickets.take(tmp_path, "boot-2", NOW + 5)
    for boot in ("boot-2", "boot-3"):
        (tmp_path / FILE).write_bytes(copy)
        with pytest.raises(Refused, match="used before"):
            tickets.take(tmp_path, boot, NOW + 6)
        assert not (tmp_path / FILE).exists()


def test_a_writer_that_still_runs_keeps_it_until_the_next_boot(tmp_path: Path) -> None:
    mine = ticket(writer=tickets.me())
    tickets.write(tmp_path, mine)
    assert tickets.take(tmp_path, "boot-1", NOW + 1) is None
    assert tickets.look(tmp_path) == mine
    assert tickets.take(tmp_path, "boot-2", NOW + 2) == mine


def test_rubbish_is_refused_and_gone(tmp_path: Path) -> None:
    for rubbish in (b"", b"{}", b"\xff\x00", msgspec.json.encode(ticket())[:-20]):
        (tmp_path / FILE).write_bytes(rubbish)
        with pytest.raises(Refused, match="damaged"):
            tickets.take(tmp_path, "boot-2", NOW)
        assert not (tmp_path / FILE).exists()


def test_what_was_spent_is_forgotten_when_it_could_not_be_used_any_more(tmp_path: Path) -> None:
    tickets.write(tmp_path, ticket())
    tickets.take(tmp_path, "boot-2", NOW + 5)
    tickets.tidy(tmp_path, NOW + 5)
    assert (tmp_path / SPENT).exists()
    tickets.tidy(tmp_path, NOW + 601)
    assert os.listdir(tmp_path) == []


def test_of_a_program_that_was_killed_while_it_wrote_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / f".{FILE}.0badcafe").write_bytes(b'{"key": "half')
    tickets.forget(tmp_path)
    assert os.listdir(tmp_path) == []
