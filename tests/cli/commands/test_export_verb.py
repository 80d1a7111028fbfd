from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rs_cli.main import run
from rs_relay.errors import UsageError
from tests.support.recordings import film, recorded


def test_a_film_is_made_and_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(recorded(tmp_path / "a.rsrec", [(0, film(128, 96, 4))]))
    target = tmp_path / "a.mp4"
    assert run(["export", source, str(target), "--json", "--scale", "64", "--fps", "5"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "file": str(target), "seconds": 0.4, "width": 64, "height": 48, "pictures": 3, "bytes": os.path.getsize(target)
    }  # fmt: skip
    assert run(["export", source, str(target)]) == UsageError.exit_status
    assert "--force" in capsys.readouterr().err
    assert run(["export", source, str(target), "--force"]) == 0
    assert capsys.readouterr().out.strip() == str(target)
