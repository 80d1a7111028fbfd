from __future__ import annotations

import json
import os
import threading
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rs_cli.commands import screenshot
from rs_cli.features.still import Still, Taken
from rs_cli.main import run
from rs_cli.terminal import output
from rs_relay.channels.screen.messages import Layout
from rs_relay.errors import LocalProblem, UsageError
from tests.support.pictures import card

PICTURE = card(90, 60)


class OneSession:
    async def during(self, feature: Still, work: Any) -> Taken:
        work.close()
        self.monitor = feature._monitor
        return Taken(Layout(1, 5, 6, 90, 60), PICTURE)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OneSession:
    """A session whose screen shows PICTURE; the current folder is empty."""
    made = OneSession()

    @asynccontextmanager
    async def reach(number: int, timeout: float) -> Any:
        yield made

    monkeypatch.setattr(screenshot, "reach", reach)
    monkeypatch.chdir(tmp_path)
    return made


def test_a_file_is_exact_private_and_never_replaced(session, capsys, tmp_path):
    assert run(["screenshot", "3", "a.png"]) == 0
    assert run(["screenshot", "3", "a.png"]) == 0
    assert capsys.readouterr().out.splitlines() == ["a.png", "a (1).png"]
    assert sorted(os.listdir(tmp_path)) == ["a (1).png", "a.png"]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), PICTURE)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o600


def test_overwrite(session, capsys, tmp_path):
    (tmp_path / "a.png").write_text("old")
    assert run(["screenshot", "3", "a.png", "--overwrite"]) == 0
    assert Image.open(tmp_path / "a.png").size == (90, 60)
    assert os.listdir(tmp_path) == ["a.png"]


def test_json_and_a_name_of_its_own(session, capsys, tmp_path):
    assert run(["screenshot", "3", "--json", "--monitor", "2"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {k: said[k] for k in ("width", "height", "x", "y")} == {"width": 90, "height": 60, "x": 5, "y": 6}
    assert (tmp_path / said["file"]).stat().st_size == said["bytes"]
    assert session.monitor == 1


def test_all_monitors_by_default(session, capsys):
    run(["screenshot", "3"])
    assert session.monitor == -1


def test_standard_output(session, capfdbinary, tmp_path):
    assert run(["screenshot", "3", "-"]) == 0
    assert Image.open(BytesIO(capfdbinary.readouterr().out)).size == (90, 60)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [["-", "--json"], ["-"]])
def test_standard_output_that_cannot_take_it(session, capsys, monkeypatch, arguments):
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    assert run(["screenshot", "3", *arguments]) == 2


def test_a_folder_that_is_not_there(session, capsys):
    assert run(["screenshot", "3", "nowhere/a.png"]) == LocalProblem.exit_status


def test_a_disk_that_fills_up_leaves_nothing(session, monkeypatch, tmp_path):
    def full(path: Path, data: bytes) -> None:
        raise LocalProblem("It cannot be written.")

    monkeypatch.setattr(screenshot, "write_private", full)
    with pytest.raises(LocalProblem):
        screenshot.save(tmp_path / "a.png", b"x", overwrite=False)
    assert os.listdir(tmp_path) == []


def test_two_at_once_get_a_file_each(tmp_path):
    saved: list[Path] = []
    threads = [
        threading.Thread(target=lambda n=n: saved.append(screenshot.save(tmp_path / "a.png", b"%d" % n, False)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(saved)) == 8
    assert {path.read_bytes() for path in saved} == {b"%d" % n for n in range(8)}


def test_show_wants_a_terminal_and_saves_only_what_is_named(session, capsys, tmp_path, monkeypatch):
    assert run(["screenshot", "3", "--show"]) == UsageError.exit_status
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert run(["screenshot", "3", "--show", "--json"]) == UsageError.exit_status
    capsys.readouterr()
    assert run(["screenshot", "3", "--show", "--pictures", "blocks"]) == 0
    assert "▀" in capsys.readouterr().out
    assert os.listdir(tmp_path) == []
    assert run(["screenshot", "3", "a.png", "--show", "--pictures", "blocks"]) == 0
    assert capsys.readouterr().out.endswith("a.png\n")
    assert os.listdir(tmp_path) == ["a.png"]
