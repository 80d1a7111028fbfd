"""docs/json.md describes every answer: its types as the code has them, and examples that are such answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest

from rs_cli.command_line import tree
from rs_cli.command_line.answers import ANSWERS, Failure, described
from tests.support.answers import convert

PAGE = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
KINDS: dict[str, Any] = {"Failure": Failure, **{f"rs {name}": kind for name, kind in ANSWERS.items()}}


def test_every_answer_has_its_section_and_no_other() -> None:
    assert list(SECTIONS) == list(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_types_and_examples(name: str) -> None:
    kind, section = KINDS[name], SECTIONS[name]
    parts = get_args(kind) if get_origin(kind) is not list and get_args(kind) else (kind,)
    assert re.findall(r"^    (.+)$", section, re.MULTILINE) == [described(part) for part in parts]
    block = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert block
    examples = [json.loads(line) for line in block.group(1).splitlines()]
    assert len(examples) >= len(parts)
    for example in examples:
        assert msgspec.to_builtins(convert(kind, example)) == example


def test_every_verb_that_answers_in_json_is_described() -> None:
    """Several ways to use a verb may share the answer of one of them."""
    known = {tuple(word for word in name.split() if not word.startswith("-")) for name in ANSWERS}
    for command in (c for verb in tree.whole() for c in verb.everything() if not c.below):
        if any("--json" in p.opts for p in command.parameters):
            assert command.path in known or command.path[:1] in {k[:1] for k in known}, f"rs {command.name}"
