"""The unit is one that systemd itself finds in order, and systemctl is told the right things."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent.machine.service.base import State, moved, runs, safe_for_root
from rs_agent.machine.service.systemd import UNIT, Systemd, text
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem


class Systemctl:
    def __init__(self, refuse: str = "") -> None:
        self.refuse, self.active, self.asked = refuse, False, list[tuple[str, ...]]()

    def __call__(self, argv: Sequence[str]) -> Said:
        words = tuple(word for word in argv[1:] if not word.startswith("--no-ask"))
        self.asked.append(words)
        verb = next(word for word in words if not word.startswith("-"))
        if verb == self.refuse:
            return Said(1, "", "Refused.")
        self.active = verb == "restart" or (self.active and verb != "disable")
        return (
            Said(0 if self.active else 3, "active\n" if self.active else "inactive\n", "")
            if verb == "is-active"
            else Said(0, "", "")
        )


def made(folder: Path, systemctl: Systemctl, *, user: bool = False, root: bool = True, **more: object) -> Systemd:
    kept: dict[str, object] = {
        "booted": folder,
        "unsafe": lambda paths: None,
        "program": folder / "program",
        "unseen": (),
        **more,
    }
    return Systemd(user, folder=folder / "units", root=root, ask=systemctl, **kept)  # type: ignore[arg-type]


@pytest.mark.parametrize("user", [False, True])
def test_installed_seen_and_removed(tmp_path: Path, user: bool) -> None:
    systemctl = Systemctl()
    here = made(tmp_path, systemctl, user=user, root=not user)
    assert here.state() is State.MISSING
    here.install(["/usr/bin/rs-agent", "unattended", "run"])
    assert here.unit.stat().st_mode & 0o777 == 0o644
    before = ("--user",) if user else ()
    assert systemctl.asked == [(*before, "daemon-reload"), (*before, "enable", UNIT), (*before, "restart", UNIT)]
    assert here.state() is State.RUNNING
    here.remove()
    here.remove()
    assert here.state() is State.MISSING
    assert list((tmp_path / "units").iterdir()) == []


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart"])
def test_what_systemd_refuses_leaves_nothing(tmp_path: Path, verb: str) -> None:
    here = made(tmp_path, Systemctl(verb))
    with pytest.raises(LocalProblem):
        here.install(["/usr/bin/rs-agent"])
    assert not here.unit.exists()


def test_without_the_rights_or_systemd_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem) as refused:
        made(tmp_path, Systemctl(), root=False).install(["/usr/bin/rs-agent"])
    assert "--user" in refused.value.hint
    with pytest.raises(LocalProblem, match="systemd"):
        made(tmp_path, Systemctl(), booted=tmp_path / "no").install(["/usr/bin/rs-agent"])
    with pytest.raises(LocalProblem, match="another's"):
        made(tmp_path, Systemctl(), unsafe=lambda paths: paths[0]).install(["/home/ada/rs-agent"])
    assert not (tmp_path / "units").exists()


def test_a_program_that_the_service_would_not_see_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "rs-agent"
    program.touch()
    with pytest.raises(LocalProblem, match="does not see"):
        made(tmp_path, Systemctl(), unseen=[tmp_path]).install([str(program)])
    assert not (tmp_path / "units").exists()


def test_what_root_runs_is_nobody_elses(tmp_path: Path) -> None:
    assert safe_for_root([Path("/usr/bin/env")]) is None
    program = tmp_path / "rs-agent"
    program.touch()
    program.chmod(0o777)
    assert safe_for_root([program]) == program.resolve()


def test_a_download_is_run_from_a_copy_that_goes_with_the_service(tmp_path: Path) -> None:
    download, checked = tmp_path / "home" / "rs-agent.pyz", list[Path]()
    download.parent.mkdir()
    download.write_bytes(b"the program")
    here = made(tmp_path, Systemctl(), unsafe=checked.extend)
    here.install(["/usr/bin/python3", str(download), "unattended", "run"])
    copy = tmp_path / "program" / "rs-agent.pyz"
    assert copy.read_bytes() == b"the program"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert f'ExecStart="/usr/bin/python3" "{copy}" "unattended" "run"' in here.unit.read_text()
    assert copy in checked
    assert download not in checked
    here.install(["/usr/bin/python3", str(copy), "unattended", "run"])  # by the copy itself
    (tmp_path / "home" / "rs-agent").write_bytes(b"another")
    here.install(["/bin/sh", str(tmp_path / "home" / "rs-agent"), "unattended", "run"])
    assert [file.name for file in copy.parent.iterdir()] == ["rs-agent"]
    here.remove()
    assert not copy.parent.exists()
    assert download.exists()


def test_a_users_own_service_runs_it_where_it_lies(tmp_path: Path) -> None:
    here = made(tmp_path, Systemctl(), user=True, root=False)
    here.install(["/bin/sh", str(Path(__file__)), "unattended", "run"])
    assert f'"{__file__}"' in here.unit.read_text()
    assert not (tmp_path / "program").exists()


def test_what_is_not_safe_for_root_leaves_no_copy(tmp_path: Path) -> None:
    (tmp_path / "rs-agent").touch()
    with pytest.raises(LocalProblem):
        made(tmp_path, Systemctl(), unsafe=lambda paths: paths[0]).install(["/bin/sh", str(tmp_path / "rs-agent")])
    assert not (tmp_path / "program").exists()


def test_every_file_of_the_command_is_looked_at_and_no_package_of_a_download(tmp_path: Path) -> None:
    program, cache, library = tmp_path / "rs-agent.pyz", tmp_path / "cache", tmp_path / "library"
    for place in (cache, library):
        place.mkdir()
    program.touch()
    found = runs(["/bin/sh", str(program), "unattended"], [str(cache), str(library)], {"PYTHONPATH": str(cache)})
    assert {Path("/bin/sh"), program, library} <= set(found)
    assert cache not in found
    assert moved(["/usr/bin/rs-agent", "unattended", "run"], tmp_path / "copy")[0] == "/usr/bin/rs-agent"


@pytest.mark.parametrize("user", [False, True])
def test_systemd_finds_the_unit_in_order(tmp_path: Path, user: bool) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    unit = tmp_path / UNIT
    unit.write_text(text([sys.executable, "-m", "rs_agent", 'a "b" 50% $HOME \\x'], user))
    done = subprocess.run(
        [analyze, *(["--user"] if user else []), "verify", "--man=no", str(unit)],
        capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if UNIT in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_no_line_can_be_added_to_the_unit() -> None:
    with pytest.raises(LocalProblem):
        text(["/x\nUser=root"], False)
