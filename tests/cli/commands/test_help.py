"""`rs help`: verbs, topics, near misses."""

from __future__ import annotations

import pytest

from rs_cli.command_line.topics import TOPICS
from rs_cli.main import run
from rs_relay.errors import UsageError


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["help", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("topic", TOPICS)
def test_topics(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, topic)
    assert all(len(line) <= 120 for line in out.splitlines())
    assert topic in said(capsys)


def test_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--follow" in said(capsys, "chat")
    assert "PERMISSION" in said(capsys, "sessions", "ask")
    assert ".TH" in said(capsys, "chat", "--man")


def test_near_misses(capsys: pytest.CaptureFixture[str]) -> None:
    for words, meant in ((["chta"], "chat"), (["sessions", "lits"], "list"), (["exit-code"], "exit-codes")):
        assert run(["help", *words]) == UsageError.exit_status
        assert f"Did you mean `{meant}`?" in capsys.readouterr().err
    assert run(["chta"]) == UsageError.exit_status
    assert "'chat'" in capsys.readouterr().err
    assert run(["chat", "--folow", "3"]) == UsageError.exit_status
    assert "--follow" in capsys.readouterr().err
