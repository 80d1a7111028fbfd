from __future__ import annotations

import os
from pathlib import Path

import pytest

from rs_agent.programs.surroundings import environment, find, folder, login_shell


def test_a_program_sees_the_users_environment_and_nothing_of_ours() -> None:
    own = {"PATH": "/bin", "RS_RELAY": "wss://x", "RS_STATE_DIR": "/s", "TERM": "xterm", "COLUMNS": "80", "LANG": "C"}
    assert environment(own, {"X": "1"}, Path("/home/ada")) == {
        "PATH": "/bin", "COLUMNS": "80", "LANG": "C", "HOME": "/home/ada", "X": "1",
    }  # fmt: skip
    with_terminal = environment(own, {}, Path("/home/ada"), "vt220")
    assert with_terminal["TERM"] == "vt220"
    assert "COLUMNS" not in with_terminal


@pytest.mark.parametrize(("had", "there"), [("", {}), ("/mine", {"PYTHONPATH": "/mine"})])
def test_modules_of_a_downloaded_agent_are_not_the_programs(had: str, there: dict[str, str]) -> None:
    own = {"PYTHONPATH": "/cache/a:/mine", "RS_PYTHONPATH": had}
    assert environment(own, {}, Path("/home/ada")) == {"HOME": "/home/ada", **there}


def test_the_login_shell_can_be_run() -> None:
    assert os.access(login_shell(), os.X_OK)


def test_a_folder_is_absolute_below_home_or_begins_with_a_tilde(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert folder("", tmp_path).rstrip("/") == str(tmp_path)
    assert (
        folder("a", tmp_path) == folder("~/a", tmp_path) == folder(str(tmp_path / "a"), tmp_path) == str(tmp_path / "a")
    )
    with pytest.raises(NotADirectoryError):
        folder("b", tmp_path)


def test_a_program_is_found_by_path_or_from_its_folder_and_must_be_one(tmp_path: Path) -> None:
    good, text = tmp_path / "good", tmp_path / "text"
    good.touch(0o755)
    text.touch(0o644)
    assert find("good", "/", str(tmp_path)) == str(good)
    assert find("./good", str(tmp_path), None) == f"{tmp_path}/./good"
    for name, error in (("none", FileNotFoundError), ("./none", FileNotFoundError), ("text", PermissionError)):
        with pytest.raises(error):
            find(name, str(tmp_path), str(tmp_path))
    with pytest.raises(PermissionError):
        find("./", str(tmp_path), None)
