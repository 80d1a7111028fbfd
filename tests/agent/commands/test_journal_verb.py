"""`rs-agent journal` as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from rs_agent.journal import Journal


def journal(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rs_agent", "journal", *arguments],
        env={**os.environ, "RS_STATE_DIR": str(folder), "LC_ALL": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_was_done(tmp_path: Path) -> None:
    assert journal(tmp_path).stdout == "Nobody has been let in on this computer yet.\n"
    assert json.loads(journal(tmp_path, "--json").stdout) == []
    record = Journal(tmp_path)
    for who in ("alice", "bob"):
        record.write("session", who=who, allowed=[])
        record.write("granted", permission="view")
        record.write("session-ended", reason="You ended it.", seconds=5)
    record.close()
    told = journal(tmp_path)
    assert told.returncode == 0
    assert told.stdout.index("alice") < told.stdout.index("bob")
    assert told.stdout.count("you allowed: SEE YOUR SCREEN") == 2
    last = journal(tmp_path, "--last", "1", LC_ALL="fr_FR.UTF-8").stdout
    assert "alice" not in last
    assert "vous avez autorisé : VOIR VOTRE ÉCRAN" in last
    (one,) = json.loads(journal(tmp_path, "--json", "--last", "1").stdout)
    assert (one["who"], one["seconds"], one["reason"]) == (["bob"], 5.0, "You ended it.")


def test_a_wrong_number_is_a_sentence(tmp_path: Path) -> None:
    done = journal(tmp_path, "--last", "0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
