"""The list of verbs: each is there, is imported when it is used, and says what it is."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import pytest

from rs_agent import commands
from rs_agent.commands import Verb


def test_a_verb_is_imported_when_it_is_used_and_gets_what_follows_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("some_verb")
    heard: list[list[str]] = []
    module.__dict__["run"] = lambda arguments: heard.append(list(arguments)) or 3
    monkeypatch.setitem(sys.modules, "some_verb", module)
    monkeypatch.setattr(commands, "VERBS", (Verb("some", "some_verb", "Some."), Verb("never", "no_such_module", "")))
    assert commands.run(["some", "thing", "--else"]) == 3
    assert heard == [["thing", "--else"]]


def test_help_lists_the_verbs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(commands, "VERBS", (Verb("some", "some_verb", "Does something."),))
    with pytest.raises(SystemExit) as ended:
        commands.run(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "rs-agent some" in shown
    assert "Does something." in shown
    assert "rs-agent join" in shown


@pytest.mark.parametrize("verb", commands.VERBS, ids=lambda verb: verb.name)
def test_each_verb_has_its_module(verb: Verb) -> None:
    assert callable(import_module(verb.module).run)


def test_names_are_told_apart() -> None:
    names = [verb.name for verb in commands.VERBS]
    assert len({*names, "join"}) == len(names) + 1
