from __future__ import annotations

import io
import sys

import pytest

from rs_cli.terminal.lines import stdin_lines


async def test_lines_of_a_file_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\r\n\ntwo"))
    assert [line async for line in stdin_lines()] == ["one", "", "two"]
