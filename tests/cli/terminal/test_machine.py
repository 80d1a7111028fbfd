"""How a computer is shown: within the width, filtered, and as values that programs can rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_cli.terminal import machine
from rs_cli.terminal.machine import (
    ENDLESS,
    about,
    chosen,
    fitted,
    iso,
    log_line,
    plain,
    process_rows,
    service_rows,
    sorted_by,
    span,
)
from rs_relay.channels.logs import Entry
from rs_relay.channels.sysinfo import Attention, Process, Service, System
from rs_relay.text import cells

PAGE = Path(__file__).parents[3] / "docs" / "protocol" / "channels" / "sysinfo.md"


def example(tag: str) -> dict[str, Any]:
    line = next(line for line in PAGE.read_text().splitlines() if line.startswith(f'agent      {{"type": "{tag}"'))
    found: dict[str, Any] = json.loads(line.partition(" ")[2])
    return found


SYSTEM = msgspec.convert(example("system"), System)
ATTENTION = msgspec.convert(example("attention"), Attention)


def process(pid: int, parent: int = 0, name: str = "x", **more: Any) -> Process:
    fields = {
        "user": "ada",
        "state": "sleeping",
        "started": 1e9 + pid,
        "cpu": 0.0,
        "memory": 0,
        "threads": 1,
        "command": "",
    }
    return Process(pid=pid, parent=parent, name=name, **{**fields, **more})


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_computer_keeps_to_the_width(columns: int) -> None:
    lines = about(SYSTEM, ATTENTION, columns)
    assert max(cells(line) for line in lines) <= columns
    text = "\n".join(lines)
    for word in ("laptop", "Debian GNU/Linux 12", "2 cores, 4 threads", "12 %", "192.168.1.5/24", "ada at tty2"):
        assert word in text
    for word in ("19G free", "82 %", "2 h 0 min left", "51 °C", "GNOME x11", "pending: linux-image-amd64", "3 waiting"):
        assert word in text


def test_a_computer_that_knows_little() -> None:
    bare = msgspec.structs.replace(
        SYSTEM, disks=(), interfaces=(), routes=(), dns=(), users=(), battery=None, temperatures=(), desktop="",
        session_type="", agent="", now=0.0, booted=1e300,
    )  # fmt: skip
    lines = about(bare, Attention(1, None, (), None, (), ()), 80)
    assert any(line.startswith("DNS       none") for line in lines)
    assert not any(line.startswith(("battery", "heat", "restart", "updates")) for line in lines)


def test_no_text_of_theirs_is_obeyed() -> None:
    evil = msgspec.structs.replace(SYSTEM, host="a\x1b[31mb\nc", os="\u202eevil", routes=("\x07",), zone="\x9b")
    told = "\n".join(about(evil, Attention(1, True, ("\x1b",), 1, ("\x1b",), ("\x1b\n",)), 80))
    _, rows = process_rows([process(1, name="\x1b", command="\x1b[2J\r", user="\n", state="\x00")], 80)
    _, services = service_rows([Service("\x1b", "\x1b", "\x1b", "\x1b", "\x1b", "\x1b", 1)], 80)
    shown = told + "".join("".join(row.values()) for row in rows + services)
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x00"}


def test_rows_keep_to_the_width_and_a_pipe_has_all() -> None:
    long = process(4711, command="word " * 200)
    for columns in (60, 80, 120):
        names, (row,) = process_rows([long], columns)
        line = sum(max(cells(row[name]), len(name)) + 2 for name in names) - 2
        assert line <= columns
    assert process_rows([long], ENDLESS)[1][0]["COMMAND"] == ("word " * 200).strip()
    assert fitted(["A", "B"], [], 10) == []


def test_a_tree() -> None:
    found = [
        process(1),
        process(2, 1),
        process(3, 2),
        process(4, 1),
        process(9, 77),
        process(8, 8),
        process(6, 5),
        process(5, 6),
    ]
    rows = process_rows(found, ENDLESS, tree=True)[1]
    drawn = [(row["PID"], row["COMMAND"]) for row in rows]
    assert drawn == [
        ("1", "[x]"), ("2", "├─ [x]"), ("3", "│  └─ [x]"), ("4", "└─ [x]"), ("9", "[x]"), ("8", "[x]"),
    ]  # fmt: skip


def test_order_and_choice() -> None:
    found = [
        process(1, name="b", cpu=5.0),
        process(2, name="a", cpu=9.0, memory=5),
        process(3, name="a", command="/bin/B"),
    ]
    assert [p.pid for p in sorted_by(found, "cpu")] == [2, 1, 3]
    assert [p.pid for p in sorted_by(found, "name")] == [2, 3, 1]
    assert [p.pid for p in sorted_by(found, "started")] == [3, 2, 1]
    assert [p.pid for p in chosen(found, "B")] == [1, 3]
    assert [p.pid for p in chosen(found, "2")] == [2]
    assert len(chosen(found, "ada")) == 3


def test_values_for_programs() -> None:
    told = plain(SYSTEM)
    assert told["booted"] == "2026-11-27T17:20:00.000Z"
    assert told["users"][0]["since"] == "2026-11-27T17:21:40.000Z"
    assert told["memory"]["total"] == 8000000000
    assert not {"id", "type"} & set(told)
    json.dumps(told)


@pytest.mark.parametrize(("at", "text"), [(0.0, None), (1e300, None), (1795832387.627063, "2026-11-28T02:19:47.627Z")])
def test_times(at: float, text: str | None) -> None:
    assert iso(at) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (59, "59 s"), (61, "1 min"), (3661, "1 h 1 min"), (90000, "1 day 1 h"), (200000, "2 days 7 h")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_line_of_a_log() -> None:
    assert log_line(Entry(0.0, -1, "", 0, "just text")) == "just text"
    assert log_line(Entry(1795832387.0, 3, "cron", 8, "no")).endswith(" cron[8]: no")
    assert machine.clock(1e300) == "?"
