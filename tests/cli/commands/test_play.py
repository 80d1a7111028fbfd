from __future__ import annotations

import json
from pathlib import Path

import pytest

from rs_cli.main import run
from rs_relay.errors import LocalProblem, UsageError
from tests.support.recordings import film, recorded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return recorded(tmp_path / "a.rsrec", [(0, film(64, 48, 3)), (65_000, film(48, 40, 2))])


def test_info_for_a_person(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["play", str(file), "--info"]) == 0
    said = capsys.readouterr().out
    assert "1 · Maria's PC" in said
    assert "1:05" in said
    assert "64 × 48, 48 × 40" in said
    assert "properly ended" in said


def test_info_for_a_program_and_of_a_torn_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(file.read_bytes()[:-3])
    assert run(["play", str(file), "--info", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["torn_bytes"] == 10
    assert not said["finished"]
    assert said["seconds"] == 65.1
    assert said["segments"] == [
        {"seconds": 0, "width": 64, "height": 48}, {"seconds": 65, "width": 48, "height": 40}
    ]  # fmt: skip
    assert run(["play", str(file), "--info"]) == 0
    assert "10 bytes" in capsys.readouterr().out
    file.write_bytes(file.read_bytes()[:-10])
    assert run(["play", str(file), "--info"]) == 0
    assert "broken off" in capsys.readouterr().out


def test_what_cannot_be_played(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rs_cli.player.opening.sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert run(["play", str(file)]) == LocalProblem.exit_status
    assert "rs export" in capsys.readouterr().err
    assert run(["play", str(file), "--speed", "3"]) == UsageError.exit_status
    assert run(["play", str(tmp_path / "none"), "--json", "--info"]) == LocalProblem.exit_status
    (tmp_path / "text").write_text("hello, this is a text")
    assert run(["play", str(tmp_path / "text")]) == UsageError.exit_status
    assert "not a recording" in capsys.readouterr().err
