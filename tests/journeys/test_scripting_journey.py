"""The examples of docs/scripting.md and docs/technician.md, each run by a shell against a real session, print what a
reader expects."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.support.stage import BIN, PERMISSIONS, RsStage

DOCS = Path(__file__).parents[2] / "docs"
PRINTED = (
    r"\S+", "yes", "PLEASE READ", r"out\nstatus 3",
    r'\{"formats": \[\{"format": "text", "bytes": 5, "fits": true\}\].*\}', "not there", r'\{"event": "chat"',
)  # fmt: skip

TECHNICIANS = (
    r"notes.txt: 4 B\n(tree/.: 5 B\n){2}notes.txt: 4 B\nnotes.txt: 4 B\n1",
    r"(?s).*2026\nfound .*notes.txt\n.*Reports.*%.*", r"\d+ forgotten\.", r"Linux\n1\nwell", r"(?s)fine\n.*status 5",
    r"ls -ltext\t5 B\nnotes.txt: 4 B, saved as notes \(1\).txt",
)  # fmt: skip


def _examples(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def _run(stage: RsStage, example: str, folder: Path) -> str:
    env = {**stage.technician, "RS": stage.session, "PATH": f"{BIN}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", example], env=env, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    return done.stdout.strip()


def test_every_example_does_what_it_says(stage: RsStage, tmp_path: Path) -> None:
    stage.start_agent(allow=f"{PERMISSIONS},shell")
    stage.join()
    for example, printed in zip(_examples("scripting.md"), PRINTED, strict=True):
        shown = _run(stage, example, tmp_path)
        assert re.fullmatch(printed, shown), (example, shown)


def test_what_a_technician_reads_is_so(stage: RsStage, tmp_path: Path) -> None:
    stage.start_agent(allow=f"{PERMISSIONS},shell,info")
    stage.join()
    (tmp_path / "notes.txt").write_text("one\n")
    for folder in ("tree", "fetched"):
        (tmp_path / folder).mkdir()
    for name in "ab":
        (tmp_path / "tree" / name).write_text(f"file{name}")
    for example, printed in zip(_examples("technician.md"), TECHNICIANS, strict=True):
        shown = _run(stage, re.sub(r"(?<=[ '])3(?=[:\s])", stage.session, example), tmp_path)
        assert re.fullmatch(printed, shown), (example, shown)
