"""Windows: its restart, the user's Run-once key, a safe start by bcdedit or, before Vista, by boot.ini. Not verified
there: tests look at argument lists, recorded answers and files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_agent.machine import bootini
from rs_agent.machine.base import NAME
from rs_agent.machine.disk import flush
from rs_agent.system.tools import ERRORS, Said
from rs_relay.errors import LocalProblem

RUN_ONCE = r"HKCU\Software\Microsoft\Windows\CurrentVersion\RunOnce"
VALUE = f"*{NAME}"  # the star: run in safe mode, too
BOOT_TIME = "(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()"
RESTART = ("shutdown", "/r", "/t", "0")
SAFE = ("bcdedit", "/set", "{current}", "safeboot", "network")
PLAIN = ("bcdedit", "/deletevalue", "{current}", "safeboot")
LOOK = ("bcdedit", "/enum", "{current}")
RIGHTS = "A safe start changes the boot configuration: let the customer start rs-agent as administrator."
BY_HAND = "To restore it by hand, as administrator: bcdedit /deletevalue {current} safeboot"


def ask(argv: Sequence[str]) -> Said:
    """What a program of the system's says. Raises LocalProblem."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, errors="replace", check=False)
    except (OSError, subprocess.SubprocessError):
        raise LocalProblem(f"{argv[0]} cannot be run on the customer's computer.") from None
    return Said(done.returncode, done.stdout, (done.stderr or done.stdout)[:ERRORS].strip())


class Folder:
    """The root of the system's drive, as `bootini.Volume`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        with (self._path / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, name: str, to: str) -> None:
        os.replace(self._path / name, self._path / to)
        flush(self._path)

    def remove(self, name: str) -> None:
        os.unlink(self._path / name)
        flush(self._path)

    def attributes(self, name: str) -> int:
        return int(getattr(os.stat(self._path / name), "st_file_attributes", 0))

    def set_attributes(self, name: str, attributes: int) -> None:
        import ctypes

        windll = getattr(ctypes, "windll", None)
        if windll is not None and not windll.kernel32.SetFileAttributesW(str(self._path / name), attributes or 0x80):
            raise OSError("the attributes cannot be set")


class Windows:
    def __init__(
        self,
        state: Path | None = None,
        volume: bootini.Volume | None = None,
        old: bool | None = None,
        ask: Callable[[Sequence[str]], Said] = ask,
    ) -> None:
        """`old`: it starts by boot.ini. `state`: where the copy of a newer one's boot configuration is kept."""
        drive = Path(os.environ.get("SYSTEMDRIVE", "C:") + "\\")
        self._ask = ask
        self._volume = volume or Folder(drive)
        self._old = (drive / "boot.ini").exists() if old is None else old
        self.backup = (state or Path(os.environ.get("LOCALAPPDATA", str(Path.home())))) / "rs-boot-configuration.bak"

    def boot_id(self) -> str:
        said = self._ask(("powershell", "-NoProfile", "-NonInteractive", "-Command", BOOT_TIME))
        if said.status or not said.out.strip():
            raise LocalProblem("This system does not say when it was started.")
        return said.out.strip()

    async def check(self, safe_mode: bool) -> None:
        if not safe_mode:
            return
        if self._old:
            if self._volume.read(bootini.BAK) is not None:
                raise LocalProblem("There is a boot.ini.bak already: nothing is changed or restarted.", bootini.BY_HAND)
            return
        if self.backup.exists():
            raise LocalProblem("There is a copy of the boot configuration already: nothing is changed.", BY_HAND)
        if self._ask(LOOK).status:
            raise LocalProblem("The agent has not the rights to start Windows in safe mode.", RIGHTS)

    async def reboot(self, safe_mode: bool) -> None:
        if safe_mode:
            self._prepare()
        said = self._ask(RESTART)
        if said.status:
            if safe_mode:
                self.settle()
            raise LocalProblem("The customer's computer refused to restart.", said.err[:200])

    def _prepare(self) -> None:
        if self._old:
            bootini.prepare(self._volume)
            return
        if self.backup.exists():
            raise LocalProblem("There is a copy of the boot configuration already: nothing is changed.", BY_HAND)
        said = self._ask(("bcdedit", "/export", str(self.backup)))
        if said.status or not self.backup.exists():
            raise LocalProblem("The boot configuration could not be copied: nothing was changed.", said.err[:200])
        said = self._ask(SAFE)
        if said.status:
            self.backup.unlink(missing_ok=True)
            raise LocalProblem("The boot configuration could not be changed: nothing is restarted.", said.err[:200])

    def settle(self) -> str:
        if self._old:
            return bootini.settle(self._volume)
        if not self.backup.exists():
            return ""
        said = self._ask(LOOK)
        if said.status == 0 and "safeboot" not in said.out.lower():
            self.backup.unlink(missing_ok=True)
            return ""
        if self._ask(PLAIN).status:
            return "The boot configuration could not be restored. " + BY_HAND
        self.backup.unlink(missing_ok=True)
        return "The boot configuration is again as it was."

    def install(self, command: Sequence[str]) -> None:
        line = subprocess.list2cmdline(command)
        said = self._ask(("reg", "add", RUN_ONCE, "/v", VALUE, "/t", "REG_SZ", "/d", line, "/f"))
        if said.status:
            raise LocalProblem("The agent cannot arrange its own start on this computer.", said.err[:200])

    def remove(self) -> None:
        if self._ask(("reg", "query", RUN_ONCE, "/v", VALUE)).status:
            return
        said = self._ask(("reg", "delete", RUN_ONCE, "/v", VALUE, "/f"))
        if said.status:
            raise LocalProblem("The entry of the agent's own start cannot be removed.", said.err[:200])
