"""Runs PyInstaller, in a process of its own, for the system that this is. Seconds of work; the result depends on the
Python and the libraries of this computer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rs_relay.download.frozen import contents, wrapping
from rs_relay.download.start.release import target
from rs_relay.errors import LocalProblem

SPEC = Path(__file__).with_name("agent.spec")
_LONG_AGO = "315532800"  # 1980: what is made says nothing of when


@dataclass(frozen=True)
class Frozen:
    name: str  # of the file: 'rs-agent-linux-x86_64'
    system: str  # 'linux-x86_64'
    data: bytes
    glibc: tuple[int, int]  # the oldest that it runs with; (0, 0) where that is no question


def freeze(relay: str, level: int = 9) -> Frozen:
    """The agent of this installation, for customers of `relay`. `level`: how hard gzip tries. Raises LocalProblem."""
    if find_spec("PyInstaller") is None:
        raise LocalProblem("PyInstaller is not installed here.", "Install rs with its extra 'frozen'.")
    system = target().rpartition("-")[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(folder, relay)
        made = folder / "dist" / "rs-agent"
        if not made.is_dir():
            exe = made if made.is_file() else made.with_suffix(".exe")
            return Frozen(f"rs-agent-{system}{exe.suffix}", system, exe.read_bytes(), (0, 0))
        _slim(made)
        files = _files(made)
    glibc = contents.needs_glibc(data for data in files.values() if isinstance(data, bytes))
    return Frozen(f"rs-agent-{system}", system, wrapping.wrap(files, relay, system, glibc, level), glibc)


def _run(folder: Path, relay: str) -> None:
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR", "--distpath",
               str(folder / "dist"), "--workpath", str(folder / "work"), str(SPEC)]  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": _LONG_AGO, "RS_FREEZE_FOR": relay,
                   "PYINSTALLER_CONFIG_DIR": str(folder / "config")}  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise LocalProblem("The agent could not be frozen.", (done.stderr or done.stdout).strip()[-500:])


def _slim(folder: Path) -> None:
    """Without what a debugger reads: of a Python built here that is three quarters of it. Where there is no `strip` it
    stays."""
    own = [*folder.glob("_internal/libpython*"), *folder.glob("_internal/python3*/lib-dynload/*.so")]
    if own and (strip := shutil.which("strip")):
        subprocess.run([strip, "--strip-debug", *own], check=False, capture_output=True)


def _files(folder: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
    return found
