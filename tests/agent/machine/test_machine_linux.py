"""Linux' own ways to restart, and the entry of the desktop's autostart. Nothing here restarts anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rs_agent.machine import base, computer, linux
from rs_agent.machine.linux import Linux, desktop_entry
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem
from tests.support.computers import exec_words

YES = Said(0, 's "yes"\n', "")


class Programs:
    """What is there, and what each says; `asked` are the argument lists."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **says: Said) -> None:
        self.asked: list[tuple[str, ...]] = []

        async def ask(argv: tuple[str, ...], seconds: float) -> Said:
            self.asked.append(tuple(argv))
            return says[argv[0]]

        monkeypatch.setattr(linux, "ask", ask)
        monkeypatch.setattr(linux, "there", lambda program: program in says)


async def test_the_first_way_that_works_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs(monkeypatch, systemctl=Said(1, "", "Interactive authentication required."), shutdown=YES)
    await Linux({"HOME": str(tmp_path)}).reboot(False)
    assert programs.asked == [("systemctl", "--no-ask-password", "reboot"), ("shutdown", "-r", "now")]


async def test_a_refusal_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(monkeypatch, systemctl=Said(1, "", "Interactive authentication required."))
    with pytest.raises(LocalProblem) as refused:
        await Linux({"HOME": str(tmp_path)}).reboot(False)
    assert "Interactive" in refused.value.hint


async def test_it_is_known_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Linux({"HOME": str(tmp_path)})
    Programs(monkeypatch, systemctl=YES, busctl=Said(0, 's "challenge"\n', ""))
    with pytest.raises(LocalProblem, match="rights"):
        await here.check(False)
    Programs(monkeypatch, systemctl=YES, busctl=YES)
    await here.check(False)
    Programs(monkeypatch, systemctl=YES, busctl=Said(1, "", "no bus"))  # nobody to ask: it is tried
    await here.check(False)
    Programs(monkeypatch)
    with pytest.raises(LocalProblem, match="no program"):
        await here.check(False)
    with pytest.raises(LocalProblem, match="no safe mode"):
        await here.check(True)


def test_the_entry_is_read_as_it_was_meant(tmp_path: Path) -> None:
    command = ["/opt/a b/py\\thon", "-m", 'quo"te', "50%", "$HOME", "`x`", "--state", "/home/ada/rs \u00e9tat"]
    here = Linux({"HOME": str(tmp_path)})
    here.install(command)
    assert exec_words(here.entry.read_text()) == command
    assert here.entry.parent == tmp_path / ".config/autostart"
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", str(here.entry)], check=True)
    here.remove()
    here.remove()
    assert list(here.entry.parent.iterdir()) == []


def test_no_line_can_be_added_to_the_entry() -> None:
    with pytest.raises(LocalProblem):
        desktop_entry(["/tmp/x\nHidden=true", "y"])


def test_the_desktops_own_folder_is_used(tmp_path: Path) -> None:
    assert Linux({"HOME": "/x", "XDG_CONFIG_HOME": str(tmp_path)}).entry.parent == tmp_path / "autostart"


def test_this_computer_knows_its_boot() -> None:
    assert computer().boot_id() == computer().boot_id() != ""
    with pytest.raises(LocalProblem):
        Linux({"HOME": "/x"}, Path("/nowhere")).boot_id()


def test_a_program_in_a_temporary_folder_does_not_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.sys, "frozen", True, raising=False)
    monkeypatch.setattr(base.sys, "executable", "/usr/bin/rs-agent")
    monkeypatch.setattr(base.sys, "argv", ["/usr/bin/rs-agent"])
    assert base.own_command() == ["/usr/bin/rs-agent"]
    monkeypatch.setattr(base.sys, "argv", ["/home/kim/rs-agent-linux-x86_64"])  # the file that unpacked it
    assert base.own_command() == ["/bin/sh", "/home/kim/rs-agent-linux-x86_64"]
    monkeypatch.setattr(base.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(base.sys, "argv", [str(tmp_path / "rs-agent")])
    with pytest.raises(LocalProblem, match="temporary"):
        base.own_command()
