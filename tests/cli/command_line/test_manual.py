"""The manual pages: one for each verb, with examples that the verb itself can parse, and no warning of a formatter."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from rs_cli.command_line import manual, tree
from rs_cli.command_line.app import app
from rs_cli.command_line.examples import EXAMPLES
from rs_cli.commands import VERBS
from rs_relay.errors import UsageError

LINES = [(verb, line) for verb, examples in EXAMPLES.items() for line, _ in examples]
NAMES = {verb.name for verb in VERBS}


@pytest.mark.parametrize("verb", sorted(NAMES))
def test_every_verb_has_its_page(verb: str) -> None:
    page = manual.page(verb)
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES", "SEE ALSO"):
        assert f"\n.SH {heading}\n" in page
    assert EXAMPLES.get(verb), f"rs_cli/command_line/examples.py has no example of `rs {verb}`"
    for command in tree.find(verb).everything():
        for option in (p for p in command.parameters if p.is_option):
            assert manual._text(option.opts[-1]) in page


@pytest.mark.parametrize(("verb", "line"), LINES, ids=[line for _, line in LINES])
def test_every_example_can_be_parsed(verb: str, line: str) -> None:
    if verb not in NAMES:
        pytest.skip("not a verb yet")
    words = shlex.split(line.partition("|")[0].removeprefix('eval "$(').removesuffix(')"'))
    assert words[:2] == ["rs", verb]
    command: Any = get_command(app)
    context = command.make_context("rs", [])
    args = words[1:]
    while hasattr(command, "commands"):
        command, name, args = command.commands[args[0]], args[0], args[1:]
        context = command.make_context(name, args, parent=context) if not hasattr(command, "commands") else context


def test_all_are_written_and_no_formatter_complains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795800000")
    written = manual.write(tmp_path / "man")
    assert {path.name for path in written} == {"rs.1", *(f"rs-{name}.1" for name in NAMES)}
    assert '"2026-11-27"' in (tmp_path / "man/rs.1").read_text()
    if shutil.which("mandoc"):
        linted = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *written], capture_output=True, text=True)
        assert linted.stdout == ""
    elif shutil.which("groff"):
        for path in written:
            formatted = subprocess.run(["groff", "-man", "-Tascii", "-ww", path], capture_output=True, text=True)
            assert formatted.stderr == ""
    else:
        pytest.skip("needs mandoc or groff")


def test_nothing_in_a_text_is_a_request() -> None:
    assert manual._text(".so /etc/passwd") == r"\&.so /etc/passwd"
    assert manual._text("a\n.so x 'y' \\fB -") == r"a .so x \(aqy\(aq \efB \-"


def test_no_page_of_what_is_no_verb() -> None:
    with pytest.raises(UsageError):
        manual.page("nonsense")
