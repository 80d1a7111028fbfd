from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent import config
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.link.spec import Permission


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"RS_CONFIG_DIR": str(folder), "RS_STATE_DIR": str(folder / "state"), **more}


def write(folder: Path, text: str) -> None:
    (folder / config.FILE).write_text(text)


def test_defaults(tmp_path: Path) -> None:
    c = config.read({}, environ(tmp_path))
    assert c.relay == config.DEFAULT_RELAY
    assert c.allow == frozenset()
    assert c.desktop == "auto"
    assert c.journal
    assert c.folder == Path.home() / "Downloads" / "rs"
    assert c.state == tmp_path / "state"
    assert 0 < len(c.name) <= 64


def test_option_before_environment_before_file(tmp_path: Path) -> None:
    write(tmp_path, 'relay = "wss://file"\nallow = ["view"]\njournal = false\n')
    assert config.read({}, environ(tmp_path)).relay == "wss://file"
    assert config.read({}, environ(tmp_path, RS_RELAY="wss://env")).relay == "wss://env"
    assert config.read({"relay": "wss://option"}, environ(tmp_path, RS_RELAY="wss://env")).relay == "wss://option"
    assert config.read({}, environ(tmp_path)).allow == {Permission.VIEW}
    assert config.read({"allow": "files, Control"}, environ(tmp_path)).allow == {Permission.FILES, Permission.CONTROL}
    assert not config.read({}, environ(tmp_path)).journal
    assert config.read({"journal": True}, environ(tmp_path)).journal


def test_a_permission_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        config.read({"allow": "view,everything"}, environ(tmp_path))


@pytest.mark.parametrize("text", ["relay = ", 'relai = "x"', "journal = 3", "allow = 7"])
def test_a_settings_file_that_is_wrong_is_said_so(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        config.read({}, environ(tmp_path))
    assert config.FILE in caught.value.hint


def test_a_settings_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / config.FILE).mkdir()
    with pytest.raises(LocalProblem):
        config.read({}, environ(tmp_path))


def test_a_long_name_is_cut(tmp_path: Path) -> None:
    assert len(config.read({"name": "x" * 200}, environ(tmp_path)).name) == 64


def test_what_is_forbidden_here_or_by_the_system_is_never_allowed(tmp_path: Path) -> None:
    mine, system = tmp_path / "mine", tmp_path / "system"
    mine.mkdir()
    system.mkdir()
    (mine / "agent.toml").write_text('forbid = ["tunnel"]\nallow = ["view"]\n')
    (system / "agent.toml").write_text('forbid = ["shell"]\nallow = ["control"]\nrelay = "wss://elsewhere"\n')
    environ = {"RS_CONFIG_DIR": str(mine)}
    read = config.read({}, environ, system)
    assert read.forbid == {Permission.SHELL, Permission.TUNNEL}
    assert read.allow == {Permission.VIEW}
    assert read.relay == config.DEFAULT_RELAY
    with pytest.raises(UsageError, match="forbidden"):
        config.read({"allow": "shell"}, environ, system)
