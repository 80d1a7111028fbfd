"""A program of one file: unpacked once, whole or not at all, for its owner alone; where it cannot be, a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rs_relay.download.frozen import wrapping

LIBC = os.confstr("CS_GNU_LIBC_VERSION") if os.name == "posix" and hasattr(os, "confstr") else ""
MINOR = int((LIBC or "glibc 2.0").partition(".")[2] or 0)
MACHINE = os.uname().machine
PROGRAM = b'#!/bin/sh\necho "ran by $RS_AGENT_FILE for $RS_RELAY with $*"\n'
FILES: dict[str, bytes | str] = {"rs-agent": PROGRAM, "_internal/lib.so": b"library", "_internal/link": "lib.so"}


def _wrap(glibc: tuple[int, int] = (2, 0), machine: str = MACHINE) -> bytes:
    return wrapping.wrap(FILES, "wss://help.example.org", f"linux-{machine}", glibc)


def _run(path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": "/usr/bin:/bin", "HOME": str(path.parent), "LANG": "C.UTF-8", **environ}
    return subprocess.run(["sh", path.name, *arguments], cwd=path.parent, env=given, capture_output=True, text=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rs-agent-here"
    path.write_bytes(_wrap())
    return path


def _cache(file: Path) -> Path:
    return file.parent / ".cache" / "rs" / "agent"


def test_it_unpacks_itself_once(file: Path) -> None:
    for _ in range(2):
        done = _run(file, "join", "two words")
        assert done.stdout == f"ran by {file} for wss://help.example.org with join two words\n"
        assert done.stderr == ""
        (place,) = _cache(file).iterdir()
    assert place.name.startswith("program-")
    assert (place / "_internal/link").resolve().read_bytes() == b"library"
    assert {p.stat().st_mode & 0o077 for p in (place, _cache(file), place / "rs-agent")} == {0}


def test_the_same_files_give_the_same_bytes(file: Path) -> None:
    assert _wrap() == file.read_bytes() == _wrap()
    assert wrapping.stated_glibc(_wrap((2, 31))) == (2, 31)
    assert wrapping.stated_glibc(b"MZ nothing of the kind") == (0, 0)


def test_the_customers_own_relay_stays(file: Path) -> None:
    assert "for wss://other.example" in _run(file, RS_RELAY="wss://other.example").stdout


def test_half_of_it_is_not_run(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])
    done = _run(file)
    assert done.returncode == 13
    assert "damaged, or the disk is full" in done.stderr
    assert list(_cache(file).iterdir()) == []


def test_a_folder_that_others_may_change_is_refused(file: Path) -> None:
    _run(file)
    _cache(file).chmod(0o777)
    done = _run(file)
    assert done.returncode == 13
    assert "belongs to, or may be changed by, somebody else" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's folder")
def test_a_folder_of_somebody_else_is_refused(file: Path) -> None:
    _cache(file).mkdir(parents=True)
    os.chown(_cache(file), 1234, 1234)
    assert "somebody else" in _run(file).stderr


def test_where_nothing_can_be_written_it_says_so(file: Path) -> None:
    (file.parent / "plain").write_bytes(b"")
    done = _run(file, RS_CACHE_DIR=str(file.parent / "plain" / "below"))
    assert done.returncode == 13
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("language", "says"), [("C.UTF-8", "This Linux is too old"), ("fr_FR.UTF-8", "Ce Linux est trop ancien")]
)
@pytest.mark.skipif(not LIBC, reason="there is no glibc here")
def test_an_older_glibc_is_told_before_anything_is_done(file: Path, language: str, says: str) -> None:
    file.write_bytes(_wrap((2, MINOR + 1)))
    done = _run(file, LANG=language)
    assert done.returncode == 13
    assert says in done.stderr
    assert f"2.{MINOR + 1}" in done.stderr
    assert not _cache(file).exists()


def test_another_machine_is_told(file: Path) -> None:
    file.write_bytes(_wrap(machine="riscv64"))
    done = _run(file)
    assert done.returncode == 13
    assert f"for Linux on riscv64; this computer says Linux on {MACHINE}" in done.stderr


def test_two_starts_at_once_both_run(file: Path) -> None:
    given = {"PATH": "/usr/bin:/bin", "HOME": str(file.parent)}
    command = ["sh", str(file)]
    both = [subprocess.Popen(command, env=given, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert all("ran by" in one.communicate(timeout=30)[0] for one in both)
    assert len(list(_cache(file).iterdir())) == 1


@pytest.mark.skipif(not shutil.which("dash"), reason="there is no second shell here")
def test_another_shell_runs_it_too(file: Path) -> None:
    for shell in filter(shutil.which, ("dash", "bash", "busybox")):
        command = [shell, *(["sh"] if shell == "busybox" else []), str(file)]
        done = subprocess.run(
            command, env={"PATH": "/usr/bin:/bin", "HOME": str(file.parent)}, capture_output=True, text=True
        )
        assert "ran by" in done.stdout, done.stderr
