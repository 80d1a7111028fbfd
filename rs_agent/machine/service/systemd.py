"""A systemd unit: the system's, shut in as far as its work allows, or the user's own.

What stands in the system's unit is SECURITY-DESIGN 4.3's list; AF_NETLINK beside it is how a program asks for the
network's devices, and /tmp/.X11-unix how it reaches the log-in screen. Its state is apart from every user's, in
/var/lib/rs-agent, and the home that a grant of files reaches is a folder of its own there, without a key in it.

A download (`python3 rs-agent.pyz`, `sh rs-agent-linux-x86_64`) lies where its user put it, and they may change it: root
runs a copy, which the service itself cannot write, and what that fetches or unpacks lies with the service's state.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rs_agent.machine.disk import drop, keep
from rs_agent.machine.service.base import NAME, State, ask, forget, moved, runs, safe_for_root
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem

UNIT = f"{NAME}.service"
BOOTED = Path("/run/systemd/system")  # sd_booted(3)
HOME = Path("/var/lib/rs-agent")
PROGRAM = HOME / "program"  # the copy of a download
UNSEEN = (Path("/tmp"), Path("/var/tmp"))  # PrivateTmp=
RIGHTS = "`sudo rs-agent service install`, or `rs-agent service install --user` for a service of your own."

HARDENED = f"""\
Environment=RS_STATE_DIR={HOME} RS_CONFIG_DIR=/etc/xdg/rs RS_CACHE_DIR={HOME}/packages
Environment=HOME={HOME}/home PYTHONNOUSERSITE=1
StateDirectory={HOME.name} {HOME.name}/home
StateDirectoryMode=0700
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
ProtectSystem=strict
ReadOnlyPaths=-{PROGRAM}
ProtectHome=read-only
PrivateTmp=yes
BindReadOnlyPaths=-/tmp/.X11-unix
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
PrivateDevices=yes
CapabilityBoundingSet=
RemoveIPC=yes
KeyringMode=private
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
MemoryDenyWriteExecute=yes
"""


class Systemd:
    def __init__(
        self,
        user: bool,
        *,
        folder: Path | None = None,
        environ: Mapping[str, str] = os.environ,
        root: bool | None = None,
        booted: Path = BOOTED,
        ask: Callable[[Sequence[str]], Said] = ask,
        unsafe: Callable[[Sequence[Path]], Path | None] = safe_for_root,
        program: Path = PROGRAM,
        unseen: Sequence[Path] = UNSEEN,
    ) -> None:
        own = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd/user"
        self.home = None if user else HOME
        self.unit = (folder or (own if user else Path("/etc/systemd/system"))) / UNIT
        self._user, self._booted, self._ask, self._unsafe = user, booted, ask, unsafe
        self._program, self._unseen = program, unseen
        self._root = os.geteuid() == 0 if root is None else root

    def install(self, command: Sequence[str]) -> None:
        self._check()
        if not self._user:
            command = moved(command, self._program)
            found = runs(command)
            for part in found:
                if any(part.is_relative_to(folder) for folder in self._unseen):
                    forget(self._program)
                    raise LocalProblem(
                        "This rs-agent lies in a folder for temporary files, which a service does not see.",
                        f"{part}: install rs-agent somewhere that lasts, as root, or use --user.",
                    )
            place = self._unsafe(found)
            if place is not None:
                forget(self._program)
                raise LocalProblem(
                    "What the system runs must not be another's to change, and this rs-agent is.",
                    f"{place}: install rs-agent for all users, as root, or use --user.",
                )
        keep(self.unit, text(command, self._user).encode(), 0o644)
        for words in (("daemon-reload",), ("enable", UNIT), ("restart", UNIT)):
            said = self._systemctl(*words)
            if said.status:
                self.remove()
                raise LocalProblem("systemd did not take the service.", said.err[:200])

    def state(self) -> State:
        if not self.unit.exists():
            return State.MISSING
        return State.RUNNING if self._systemctl("is-active", UNIT).out.strip() == "active" else State.STOPPED

    def remove(self) -> None:
        if not self.unit.exists():
            return
        self._check()
        self._systemctl("disable", "--now", UNIT)
        drop(self.unit)
        self._systemctl("daemon-reload")
        if not self._user:
            forget(self._program)

    def _check(self) -> None:
        if not self._booted.exists():
            raise LocalProblem(
                "This system was not started by systemd: rs-agent cannot be a service here.",
                "Start it with the desktop instead, or write a script for the system's own start.",
            )
        if not self._user and not self._root:
            raise LocalProblem("A service of the whole computer needs its administrator.", RIGHTS)

    def _systemctl(self, *words: str) -> Said:
        return self._ask(["systemctl", *(["--user"] if self._user else []), "--no-ask-password", *words])


def text(command: Sequence[str], user: bool) -> str:
    """The unit. https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html, on quoting too."""
    network = "" if user else "Wants=network-online.target\nAfter=network-online.target\n"
    return (
        "[Unit]\nDescription=rs remote support, for the technicians that this device knows\n"
        f"Documentation=man:rs(1)\n{network}\n"
        f"[Service]\nExecStart={' '.join(map(_quoted, command))}\nRestart=on-failure\nRestartSec=5\n"
        f"{'UMask=0077' + chr(10) + 'LimitCORE=0' + chr(10) if user else HARDENED}\n"
        f"[Install]\nWantedBy={'default.target' if user else 'multi-user.target'}\n"
    )


def _quoted(word: str) -> str:
    """Raises LocalProblem for what no line of a unit can hold."""
    if any(ord(letter) < 32 for letter in word):
        raise LocalProblem("rs-agent lies in a folder whose name cannot be written into a service.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
