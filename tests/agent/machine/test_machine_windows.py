"""Windows as far as another system can look: argument lists and answers as its programs give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent.machine.bootini import BAK, INI, safe
from rs_agent.machine.windows import Folder, Windows
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem
from tests.agent.machine.test_bootini import XP

ENUM = """
Windows Boot Loader
-------------------
identifier              {current}
device                  partition=C:
path                    \\Windows\\system32\\winload.efi
description             Windows 11
"""
DENIED = Said(1, "", "The boot configuration data store could not be opened.\nAccess is denied.")


class Programs:
    """bcdedit, reg, shutdown and powershell in memory. `refuse`: first words of what is denied."""

    def __init__(self, refuse: tuple[str, ...] = ()) -> None:
        self.refuse, self.asked = refuse, list[tuple[str, ...]]()
        self.safeboot, self.run_once = False, ""

    def __call__(self, argv: Sequence[str]) -> Said:
        self.asked.append(tuple(argv))
        if " ".join(argv[:2]) in self.refuse:
            return DENIED
        match argv[:2]:
            case ["bcdedit", "/enum"]:
                return Said(0, ENUM + ("safeboot                Network\n" if self.safeboot else ""), "")
            case ["bcdedit", "/export"]:
                Path(argv[2]).write_bytes(b"regf")
            case ["bcdedit", "/set" | "/deletevalue" as verb]:
                self.safeboot = verb == "/set"
            case ["reg", "add"]:
                self.run_once = argv[8]
            case ["reg", "query"]:
                return Said(0 if self.run_once else 1, "", "")
            case ["reg", "delete"]:
                self.run_once = ""
            case ["powershell", _]:
                return Said(0, "134082843751234560\r\n", "")
        return Said(0, "The operation completed successfully.", "")


async def test_a_plain_restart_and_the_run_once_key(tmp_path: Path) -> None:
    programs = Programs()
    here = Windows(tmp_path, old=False, ask=programs)
    assert here.boot_id() == "134082843751234560"
    await here.check(False)
    here.install(["C:\\Program Files\\rs\\rs-agent.exe", "resume", "--state", "C:\\a b"])
    assert programs.run_once == '"C:\\Program Files\\rs\\rs-agent.exe" resume --state "C:\\a b"'
    assert "*rs-agent-resume" in programs.asked[-1]
    await here.reboot(False)
    assert programs.asked[-1] == ("shutdown", "/r", "/t", "0")
    here.remove()
    here.remove()
    assert programs.run_once == ""
    assert not any(argv[0] == "bcdedit" for argv in programs.asked)


async def test_a_safe_start_by_bcdedit_and_back(tmp_path: Path) -> None:
    programs = Programs()
    here = Windows(tmp_path, old=False, ask=programs)
    await here.check(True)
    await here.reboot(True)
    told = [argv[:2] for argv in programs.asked]
    assert told[-3:] == [("bcdedit", "/export"), ("bcdedit", "/set"), ("shutdown", "/r")]
    assert here.backup.exists()
    assert "again as it was" in here.settle()
    assert not programs.safeboot
    assert not here.backup.exists()
    assert here.settle() == ""


@pytest.mark.parametrize("refused", ["bcdedit /export", "bcdedit /set", "shutdown /r"])
async def test_what_is_refused_leaves_the_configuration_as_it_was(tmp_path: Path, refused: str) -> None:
    programs = Programs((refused,))
    here = Windows(tmp_path, old=False, ask=programs)
    with pytest.raises(LocalProblem):
        await here.reboot(True)
    assert not programs.safeboot
    assert not here.backup.exists()


async def test_without_rights_or_with_a_copy_already_it_is_known_beforehand(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem, match="rights"):
        await Windows(tmp_path, old=False, ask=Programs(("bcdedit /enum",))).check(True)
    programs = Programs()
    here = Windows(tmp_path, old=False, ask=programs)
    here.backup.write_bytes(b"regf")
    for trial in (here.check(True), here.reboot(True)):
        with pytest.raises(LocalProblem, match="already"):
            await trial
    assert not programs.safeboot
    assert ("shutdown", "/r", "/t", "0") not in programs.asked


async def test_an_old_one_starts_by_boot_ini(tmp_path: Path) -> None:
    ini = tmp_path / INI
    ini.write_bytes(XP.encode())
    programs = Programs()
    here = Windows(tmp_path, Folder(tmp_path), old=True, ask=programs)
    await here.check(True)
    await here.reboot(True)
    assert ini.read_bytes() == safe(XP.encode())
    assert programs.asked == [("shutdown", "/r", "/t", "0")]
    with pytest.raises(LocalProblem, match="already"):
        await here.check(True)
    with pytest.raises(LocalProblem, match="already"):
        await here.reboot(True)
    assert programs.asked == [("shutdown", "/r", "/t", "0")]
    here.settle()
    assert (ini.read_bytes(), (tmp_path / BAK).exists()) == (XP.encode(), False)
