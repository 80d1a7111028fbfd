"""Linux: the kernel's boot id, systemd's or the system's own restart, an entry of the desktop's autostart.

https://specifications.freedesktop.org/autostart-spec/ and …/desktop-entry-spec/ (the quoting of Exec)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rs_agent.machine.base import NAME
from rs_agent.machine.disk import drop, keep
from rs_agent.system.tools import Said, ask, there
from rs_relay.errors import LocalProblem

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# logind lets the user of the only active desktop restart without a password. Nothing here may ask for one: nobody
# could answer, and the person at the screen would not know who asks.
WAYS = (
    ("systemctl", "--no-ask-password", "reboot"),
    ("loginctl", "--no-ask-password", "reboot"),
    ("shutdown", "-r", "now"),
)
LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
MAY = ("busctl", "--system", "call", *LOGIND, "CanReboot")
RIGHTS = (
    "With a password of that computer: `rs exec SESSION --tty -- sudo reboot`; the session then does not come back."
)


class Linux:
    def __init__(self, environ: Mapping[str, str] = os.environ, boot_id: Path = BOOT_ID) -> None:
        home = Path(environ.get("HOME") or Path.home())
        self.entry = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "autostart" / f"{NAME}.desktop"
        self._boot_id = boot_id

    def boot_id(self) -> str:
        try:
            return self._boot_id.read_text().strip()
        except OSError as e:
            raise LocalProblem("This system does not say when it was started.", e.strerror or "") from None

    async def check(self, safe_mode: bool) -> None:
        if safe_mode:
            raise LocalProblem(
                "Linux has no safe mode that a program could start.",
                "Its menus at the start (GRUB's recovery mode) are for the person at the computer.",
            )
        if not any(there(way[0]) for way in WAYS):
            raise LocalProblem("There is no program on the customer's computer that restarts it.")
        if there("busctl"):
            said = await ask(MAY, 5.0)
            if said.status == 0 and '"yes"' not in said.out:
                raise LocalProblem("The agent has not the rights to restart the customer's computer.", RIGHTS)

    async def reboot(self, safe_mode: bool) -> None:
        why = ""
        for way in WAYS:
            if not there(way[0]):
                continue
            said: Said = await ask(way, 20.0)
            if said.status == 0:
                return
            why = why or said.err
        raise LocalProblem("The customer's computer refused to restart.", why[:200] or RIGHTS)

    def settle(self) -> str:
        return ""

    def install(self, command: Sequence[str]) -> None:
        keep(self.entry, desktop_entry(command).encode())

    def remove(self) -> None:
        drop(self.entry)


def desktop_entry(command: Sequence[str]) -> str:
    lines = (
        "[Desktop Entry]", "Type=Application", "Name=rs remote support",
        "Comment=Comes back into a support session after a restart, and removes this entry",
        f"Exec={' '.join(_quoted(word) for word in command)}",
        "Terminal=true", "NoDisplay=true", "X-GNOME-Autostart-enabled=true",
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """A word of Exec: quoted, and then escaped once more as every text of the file is. Raises LocalProblem."""
    if any(ord(letter) < 32 for letter in word):
        raise LocalProblem("The agent lies in a folder whose name cannot be written into an autostart entry.")
    inner = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in word).replace("%", "%%")
    return '"' + inner.replace("\\", "\\\\") + '"'
