"""Looks at the program, its folders, its user's rights, and what the system has."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import msgspec

from rs_agent import desktop, machine
from rs_agent.config import FILE as SETTINGS
from rs_agent.config import Config, config_folder
from rs_agent.desktop.wayland.survey import survey
from rs_agent.doctor.facts import Chosen, Desk, Device, Faces, Login, Program, Restart, Rights, Room, Serving, Tools
from rs_agent.journal import FILE as JOURNAL
from rs_agent.language import N_
from rs_agent.machine.base import own_command
from rs_agent.machine.service import service
from rs_agent.machine.service.systemd import BOOTED
from rs_agent.system.base import machine as diagnosed
from rs_agent.system.tools import environment
from rs_agent.system.tools import there as program_there
from rs_agent.unattended import tries
from rs_agent.unattended.enrolment import Unattended
from rs_agent.unattended.identity import read_private
from rs_relay.errors import LocalProblem, RsError

PATIENCE = 3.0  # seconds for a program of the system's
LIBRARIES = ("cryptography", "websockets", "numpy", "PIL", "simplejpeg", "psutil", "pyperclip", "mss")
BETTER = ("av", "setproctitle")
OF_SYSTEM = {"linux": ("Xlib",), "win32": ("pynput", "winpty"), "darwin": ("pynput",)}
MAY_BECOME = frozenset({"sudo", "wheel", "admin"})  # groups whose members are administrators by their own password
ASKED = {
    "linux": ("systemctl", "journalctl", "loginctl", "busctl"),
    "win32": ("powershell", "wevtutil", "schtasks"),
    "darwin": ("launchctl", "log", "system_profiler"),
}


def program(system: str = sys.platform) -> Program:
    wanted = [*LIBRARIES, *OF_SYSTEM.get(system, ())]
    if sys.version_info < (3, 14):
        wanted.append("backports.zstd")
    try:
        own = version("rs-remote-support")
    except PackageNotFoundError:
        own = "?"
    python = ".".join(str(part) for part in sys.version_info[:3])
    return Program(own, python, ssl.OPENSSL_VERSION, _missing(wanted), _missing(BETTER))


def _missing(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not _there(name))


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:  # the package that it belongs to
        return False


def chosen(settings: Config, environ: Mapping[str, str] = os.environ) -> Chosen:
    file = config_folder(environ) / SETTINGS
    return Chosen(str(file) if file.exists() else "", tuple(sorted(settings.forbid)), settings.journal)


def room(folder: Path, record: bool = False) -> Room:
    """`folder`, or the nearest that there is, where it would be made. `record`: the record of sessions lies in it."""
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    exists = nearest == folder
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    private, opened = True, ""
    if os.name == "posix" and exists:
        private = not nearest.stat().st_mode & 0o077
        file = folder / JOURNAL
        if record and file.exists():
            writable = writable and os.access(file, os.W_OK)
            opened = str(file) if file.stat().st_mode & 0o077 else ""
    return Room(str(folder), writable, shutil.disk_usage(nearest).free, exists, private, opened)


def desk(name: str, environ: Mapping[str, str] = os.environ) -> Desk:
    """The desktop that rs-agent would take. Raises LocalProblem, as that does."""
    found = desktop.pick(name, environ)
    found.close()
    if found.name == "wayland":
        return Desk(found.name, wayland=survey(environ))
    if found.name != "x11":
        return Desk(found.name)
    from rs_agent.doctor.looks import x11  # numpy, python-xlib: only where there is an X display

    return Desk(found.name, x11.see(environ.get("DISPLAY", "")))


def login(environ: Mapping[str, str] = os.environ) -> Login:
    import psutil

    people = dict.fromkeys(f"{one.name} ({one.terminal})" if one.terminal else one.name for one in psutil.users())
    return Login(_locked(environ), tuple(people)[:5])


def _locked(environ: Mapping[str, str]) -> bool | None:
    """What logind knows of the session that this program runs in; None without one."""
    session = environ.get("XDG_SESSION_ID", "")
    if not session or not program_there("loginctl"):
        return None
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            ["loginctl", "show-session", session, "--property=LockedHint", "--value"],
            capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False,
        )  # fmt: skip
        return {"yes": True, "no": False}.get(said.stdout.strip())
    return None


def faces(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> Faces:
    tk = ""
    with suppress(ImportError):
        import tkinter

        tk = str(tkinter.TkVersion)
    display = not system.startswith("linux") or _opens(environ.get("DISPLAY", ""))
    return Faces(tk, display, os.isatty(0) and os.isatty(1))


def _opens(display: str) -> bool:
    if not display:
        return False
    from rs_relay.capture.x11.connection import connect

    with suppress(RsError):
        connect(display).close()
        return True
    return False


def rights() -> Rights:
    if sys.platform == "win32":
        import ctypes
        import getpass

        return Rights(getpass.getuser(), bool(ctypes.windll.shell32.IsUserAnAdmin()), False)
    import grp
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    names = set()
    for group in {os.getegid(), *os.getgroups()}:
        with suppress(KeyError):
            names.add(grp.getgrgid(group).gr_name)
    return Rights(user, os.geteuid() == 0, bool(names & MAY_BECOME) and program_there("sudo"))


def serving(system: str = sys.platform, booted: Path = BOOTED) -> Serving:
    init = {"win32": "windows", "darwin": "launchd"}.get(system) or ("systemd" if booted.exists() else _first_program())
    return Serving(init, service(False).state(), service(True).state(), rights().administrator)


def _first_program(comm: Path = Path("/proc/1/comm")) -> str:
    try:
        return comm.read_text().strip()
    except OSError:
        return ""


def device(state: Path) -> Device:
    """Read, never written: the counter of wrong codes is its owner's. Raises LocalProblem."""
    record = Unattended(state).read()
    if record is None:
        return Device(False)
    failures = 0
    with suppress(msgspec.DecodeError):
        failures = msgspec.json.decode(read_private(state / tries.FILE) or b"", type=tries.State).failures
    return Device(True, record.settings.permissions, record.settings.hours, failures)


def restart(system: str = sys.platform, booted: Path = BOOTED) -> Restart:
    here = machine.computer()
    asked = not system.startswith("linux") or booted.exists() or rights().administrator
    return Restart(
        _error(lambda: asyncio.run(here.check(False))), _error(lambda: asyncio.run(here.check(True))),
        _error(lambda: _can_return(getattr(here, "entry", None))), asked,
    )  # fmt: skip


def _can_return(entry: Path | None) -> None:
    """Raises LocalProblem where what starts rs-agent again cannot be arranged. `entry`: the file that would."""
    own_command()
    if entry is not None and not room(entry.parent).writable:
        raise LocalProblem(N_("The entry that would start rs-agent again cannot be written."), str(entry.parent))


def _error(act: Callable[[], object]) -> RsError | None:
    try:
        act()
    except RsError as e:
        return e
    return None


def tools(system: str = sys.platform) -> Tools:
    return Tools({name: program_there(name) for name in ASKED.get(system, ())}, _error(lambda: diagnosed().log()))
