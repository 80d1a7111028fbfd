"""A customer's document comes out of a printer of the technician's: real programs, a real cupsd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cups import Cups
from tests.support.stage import RsStage


def test_a_document_is_printed_and_not_kept(
    joined: RsStage, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = joined.home / "monthly report.pdf"
    document.write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 400)
    spare = tmp_path / "spare"
    spare.mkdir()
    with Cups(tmp_path_factory.mktemp("c") / "d") as cups:
        joined.technician.update(cups.env, TMPDIR=str(spare))
        path = f"{joined.session}:{document.name}"
        told = json.loads(joined.run("print", path, "--printer", "Keeper", "--wait", "--json"))
        assert [(job["bytes"], job["state"]) for job in told] == [(len(document.read_bytes()), "done")]
        assert (cups.printed / "job-1").read_bytes() == document.read_bytes()
        assert "Keeper" in joined.run("print", "--list")
        cups.fail()
        failed = joined.attempt("print", path, "--printer", "Keeper", "--wait")
        assert failed.returncode == 13
        assert "not printed" in failed.stderr
        absent = joined.attempt("print", path, "--printer", "Nowhere")
        assert absent.returncode == 13
    assert list(spare.iterdir()) == []
