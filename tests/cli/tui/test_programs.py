"""The programs the dashboard starts: told a number, their answers and failures taken as data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rs_cli.tui import programs
from rs_relay.errors import LocalProblem, NotAllowed


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    script = tmp_path / "rs.py"
    monkeypatch.setattr(programs, "RS", (sys.executable, str(script)))
    return script.write_text


async def test_the_answer_is_the_file(stand_in: Callable[[str], int]) -> None:
    stand_in("import sys, json; assert sys.argv[1:] == ['screenshot', '3', '--json']\nprint('{\"file\": \"a\"}')")
    assert await programs.screenshot(3) == "a"


async def test_a_failure_in_json_keeps_its_kind(stand_in: Callable[[str], int]) -> None:
    stand_in(
        "import sys, json\n"
        "print(json.dumps({'error': {'code': 'not-allowed', 'message': 'No\\x1b.', 'hint': 'Ask.'}})); sys.exit(3)"
    )
    with pytest.raises(NotAllowed) as caught:
        await programs.screenshot(3)
    assert (caught.value.message, caught.value.hint) == ("No\\x1b.", "Ask.")


async def test_a_failure_in_words(stand_in: Callable[[str], int]) -> None:
    stand_in("import sys; sys.stderr.write('rs: There is no display.\\n    Start one.\\n'); sys.exit(13)")
    with pytest.raises(LocalProblem, match=r"There is no display\."):
        await programs.view(3)
