"""The command line as data."""

from __future__ import annotations

import pytest

from rs_cli.command_line import tree
from rs_cli.commands import VERBS
from rs_relay.errors import UsageError


def test_all_verbs_are_there_and_explain_themselves() -> None:
    found = tree.whole()
    assert [command.path[0] for command in found] == [verb.name for verb in VERBS]
    for verb in found:
        for command in verb.everything():
            assert command.text, command.name
            assert all(p.help or not p.is_option or p.metavar for p in command.parameters), command.name


def test_every_verb_may_be_quiet() -> None:
    for verb in tree.whole():
        for command in (c for c in verb.everything() if not c.below):
            assert any("--quiet" in p.opts for p in command.parameters), command.name


def test_usage() -> None:
    assert tree.find("sessions", "list").usage == "rs sessions list [OPTIONS]"
    assert tree.find("sessions").usage == "rs sessions COMMAND [ARGS]…"
    assert tree.find("screenshot").usage == "rs screenshot [OPTIONS] SESSION [FILE]"
    pictures = next(p for p in tree.find("screenshot").parameters if "--pictures" in p.opts)
    assert pictures.shown == "--pictures auto|kitty|sixel|blocks"


def test_what_is_not_there() -> None:
    with pytest.raises(UsageError):
        tree.find("sessions", "nonsense")
