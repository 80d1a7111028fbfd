"""The record of a transfer, and the document that programs read (docs/json.md)."""

from __future__ import annotations

import json

from rs_cli.transfers.record import Failure, Order, Record, State, document

ORDER = Order(False, ("logs/*.txt",), "k", local="/home/t")


def test_the_schema() -> None:
    record = Record(
        7, "owner", 3, "Maria", ORDER, "*.txt", State.MOVING, 1, "logs/a.txt", 500, 2000, 100, 1, 4, 250.0, 1000, 2, 1,
        (Failure("b", "disk-full", "The disk is full."),), None, 1.0,
    )  # fmt: skip
    assert document(record) == {
        "id": 7, "session": 3, "customer": "Maria", "direction": "get", "label": "*.txt", "state": "moving", "place": 1,
        "bytes": 500, "total_bytes": 2000, "resumed_bytes": 100, "files": 1, "total_files": 4, "name": "logs/a.txt",
        "rate": 250, "limit": 1000, "seconds_left": 6.0, "skipped": 2, "failed": 1,
        "failures": [{"name": "b", "code": "disk-full", "message": "The disk is full."}],
        "error": None, "began": 1.0, "ended": None,
    }  # fmt: skip
    assert "secret" not in json.dumps(document(record))


def test_what_is_not_known_is_null() -> None:
    told = document(Record(1, "o", 1, "", ORDER, "x", State.PAUSED))
    unknown = ("place", "total_bytes", "limit", "seconds_left", "began", "ended", "error")
    assert [told[name] for name in unknown] == [None] * len(unknown)


def test_which_are_over() -> None:
    assert {state for state in State if state.is_over} == {
        State.DONE, State.FAILED, State.CANCELLED, State.STOPPED,
    }  # fmt: skip
