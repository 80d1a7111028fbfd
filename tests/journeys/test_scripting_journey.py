"""The examples of docs/scripting.md, each run by a shell against a real session, print what a reader expects."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.support.stage import BIN, PERMISSIONS, RsStage

PAGE = (Path(__file__).parents[2] / "docs" / "scripting.md").read_text()
EXAMPLES = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PRINTED = (
    r"\S+", "yes", "PLEASE READ", r"out\nstatus 3",
    r'\{"formats": \[\{"format": "text", "bytes": 5, "fits": true\}\].*\}', "not there", r'\{"event": "chat"',
)  # fmt: skip


def test_every_example_does_what_it_says(stage: RsStage, tmp_path: Path) -> None:
    stage.start_agent(allow=f"{PERMISSIONS},shell")
    stage.join()
    env = {**stage.technician, "RS": stage.session, "PATH": f"{BIN}:/usr/bin:/bin"}
    assert len(EXAMPLES) == len(PRINTED)
    for example, printed in zip(EXAMPLES, PRINTED, strict=True):
        done = subprocess.run(
            ["bash", "-c", example], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert re.fullmatch(printed, done.stdout.strip()), (example, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
