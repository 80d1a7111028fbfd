from __future__ import annotations

import json

import pytest

from rs_cli.terminal import output
from rs_relay.errors import DiskFull


def test_json_is_plain_ascii_without_control_characters() -> None:
    text = output.to_json({"name": "a\x1b[2J\x7f\u202e\u009b漢\n"})
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == {"name": "a\x1b[2J\x7f\u202e\u009b漢\n"}


def test_a_failure_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    output.failure(DiskFull("No room.", "Make room."), as_json=False)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "rs: No room.\n    Make room.\n")


def test_a_failure_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    output.failure(DiskFull("No room.", "Make room."), as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": {"code": "disk-full", "message": "No room.", "hint": "Make room."}}
    assert err == ""


def test_a_table_in_a_pipe_is_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("#", "who"), [{"#": "1", "who": "a b"}, {"#": "2"}])
    assert capsys.readouterr().out == "1\ta b\n2\t\n"


def test_progress_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    output.progress("…")
    assert capsys.readouterr() == ("", "")
