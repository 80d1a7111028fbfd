"""What `rs help` explains is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from rs_cli.command_line import topics
from rs_relay.errors import BY_CODE

ROOT = Path(__file__).parents[3]


def test_every_status_is_explained() -> None:
    explained = {status for status, _, _ in topics.statuses()}
    assert explained == {0, 130, *(kind.exit_status for kind in BY_CODE.values())}
    assert all(BY_CODE[code].exit_status == status for status, code, _ in topics.statuses() if code)


def test_every_variable_that_is_looked_at_is_named() -> None:
    looked_at = set()
    for path in (ROOT / "rs_cli").rglob("*.py"):
        looked_at |= set(re.findall(r"\"(RS_[A-Z_]+|NO_COLOR)\"", path.read_text()))
    named = {name for name, _ in topics.ENVIRONMENT}
    assert looked_at - named <= {"RS_FILE", "RS_PRINTER"}, "rs_cli/command_line/topics.py does not name them"
