"""A sign of life that ends with the program, however it ends."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rs_cli.transfers.alive import Sign, alive
from rs_relay.errors import LocalProblem

HOLD = "import sys; from pathlib import Path; from rs_cli.transfers.alive import Sign\n"
HOLD += "sign = Sign(Path(sys.argv[1])); print('here', flush=True); sys.stdin.read()"


def test_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert not alive(path)
    sign = Sign(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert alive(path)
    assert alive(path)  # looking changes nothing
    sign.close()
    sign.close()
    assert not alive(path)
    assert not path.exists()


def test_a_program_that_was_killed_is_dead_though_its_file_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    program = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "here\n"
    assert alive(path)
    program.kill()
    program.communicate()
    assert path.exists()
    assert not alive(path)


def test_a_sign_is_one_programs(tmp_path: Path) -> None:
    Sign(tmp_path / "a").close()
    held = Sign(tmp_path / "a")
    with pytest.raises(LocalProblem):
        Sign(tmp_path / "a")
    held.close()
