"""This computer's printers: a file goes to the system's own spooler, which knows drivers, queues and people's defaults.

CUPS (Linux, macOS) is spoken to by its programs `lp` and `lpstat`, in the C locale, whose words are parsed: they are
there wherever a person can print, and obey that person's own settings. The spooler takes a copy: the file may be
deleted as soon as `submit` has returned.

Windows prints by the program that shows such a file (the shell's "print" verb). Written, not verified.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from rs_cli.printing import ipp
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.text import printable

PATIENCE = 30.0  # seconds that the spooler has for an answer: it may wake a network printer's queue, never print
SHOWN = 200  # cells of what a program said, in an error
NO_PRINTER = "Set one up first; on Debian: `apt install cups`, then its page at port 631 of this computer."
OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(=[^\x00-\x1f\x7f]{0,200})?")
# What Windows may be asked to print: never a file that its own name makes a program.
DOCUMENTS = frozenset(
    [".pdf", ".txt", ".rtf", ".doc", ".docx", ".odt", ".xls", ".xlsx", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"]
)


@dataclass(frozen=True)
class Printer:
    name: str
    default: bool
    state: str  # as the spooler words it, one line


@dataclass(frozen=True)
class Order:
    """How a file is to be printed. `options` as the spooler takes them: `sides=two-sided-long-edge`, `media=A4`."""

    printer: str = ""  # '': the default
    copies: int = 1
    options: tuple[str, ...] = ()


class JobState(StrEnum):
    WAITING = "waiting"
    PRINTING = "printing"
    HELD = "held"  # the printer is stopped, or somebody holds the job
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the spooler cannot be asked, or keeps no record of what is over

    @property
    def over(self) -> bool:
        return self not in (JobState.WAITING, JobState.PRINTING, JobState.HELD)


class Spooler(Protocol):
    """All of these may block for up to PATIENCE, and raise LocalProblem."""

    def printers(self) -> tuple[Printer, ...]: ...

    def submit(self, file: Path, title: str, order: Order) -> str:
        """Hands the file over; the job's name there."""
        ...

    def state(self, job: str) -> JobState: ...


def spooler() -> Spooler:
    """This computer's. Raises LocalProblem where there is none."""
    if sys.platform == "win32":
        return ShellVerb()
    if shutil.which("lp") is None or shutil.which("lpstat") is None:
        raise LocalProblem("This computer has no printing system that rs can use (`lp`).", "On Debian: cups-client.")
    return Cups()


def check(options: Sequence[str]) -> tuple[str, ...]:
    """Raises UsageError for what is no option of a spooler."""
    for option in options:
        if not OPTION.fullmatch(option):
            raise UsageError(f"'{printable(option, 60)}' is no print option.", "Like `--option media=A4`.")
    return tuple(options)


class Cups:
    def printers(self) -> tuple[Printer, ...]:
        said = _run("lpstat", "-p", quiet=True)
        default = re.search(r"^system default destination: (\S+)", _run("lpstat", "-d", quiet=True), re.MULTILINE)
        chosen = default.group(1) if default else ""
        return tuple(
            Printer(name, name == chosen, state.strip(" .")[:SHOWN])
            for name, state in re.findall(r"^printer (\S+) (.*?)(?: *enabled since.*)?$", said, re.MULTILINE)
        )

    def submit(self, file: Path, title: str, order: Order) -> str:
        where = ["-d", order.printer] if order.printer else []
        options = [word for option in order.options for word in ("-o", option)]
        said = _run("lp", *where, "-n", str(order.copies), "-t", title, *options, "--", str(file))
        named = re.search(r"request id is (\S+)", said)
        if named is None:
            raise LocalProblem("The printing system took the file but named no job.")
        return named.group(1)

    def state(self, job: str) -> JobState:
        number = job.rpartition("-")[2]
        state = ipp.job_state(int(number), getpass.getuser()) if number.isdigit() else None
        return _STATES.get(state, JobState.WAITING) if state else JobState.UNKNOWN


_STATES = {
    ipp.State.PROCESSING: JobState.PRINTING, ipp.State.HELD: JobState.HELD, ipp.State.STOPPED: JobState.HELD,
    ipp.State.COMPLETED: JobState.DONE, ipp.State.CANCELED: JobState.CANCELLED, ipp.State.ABORTED: JobState.FAILED,
}  # fmt: skip


def _run(program: str, *arguments: str, quiet: bool = False) -> str:
    """`quiet`: its failure is an empty answer (no printer at all, no scheduler: `lpstat` ends with 1)."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", timeout=PATIENCE, env=environment,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as e:
        raise LocalProblem("This computer's printing system does not answer.", NO_PRINTER) from e
    if done.returncode and not quiet:
        why = printable(done.stderr.strip().removeprefix(f"{program}:").strip().removeprefix("Error - "), SHOWN)
        raise LocalProblem(f"This computer's printing system refused: {why or 'no reason given'}", "`rs print --list`")
    return done.stdout


class ShellVerb:
    """Windows. The file's own program prints it and is waited for, since it reads the file."""

    def printers(self) -> tuple[Printer, ...]:
        said = self._powershell('Get-CimInstance Win32_Printer | ForEach-Object { "$($_.Default)`t$($_.Name)" }')
        rows = (line.partition("\t") for line in said.splitlines() if "\t" in line)
        return tuple(Printer(name, default == "True", "") for default, _, name in rows)

    def submit(self, file: Path, title: str, order: Order) -> str:
        if order.copies != 1 or order.options:
            raise UsageError("Windows prints one copy, as the program decides that prints it.", "Leave these options.")
        if file.suffix.lower() not in DOCUMENTS:
            raise LocalProblem("Windows is not asked to print files of that kind.", "Fetch it: `rs get-file`.")
        verb = "-Verb PrintTo -ArgumentList ('\"' + $env:RS_PRINTER + '\"')" if order.printer else "-Verb Print"
        self._powershell(f"Start-Process -Wait -FilePath $env:RS_FILE {verb}", RS_FILE=str(file),
                         RS_PRINTER=order.printer.replace('"', ""))  # fmt: skip
        return title

    def state(self, job: str) -> JobState:
        return JobState.UNKNOWN

    @staticmethod
    def _powershell(command: str, **environment: str) -> str:
        """Nothing from outside is ever part of `command`: it comes in the environment."""
        try:
            done = subprocess.run(
                ["powershell", "-NoProfile", "-NonInteractive", "-Command", command],
                capture_output=True, text=True, errors="replace", timeout=4 * PATIENCE,
                env={**os.environ, **environment},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as e:
            raise LocalProblem("This computer's printing system does not answer.", "Fetch it: `rs get-file`.") from e
        if done.returncode:
            raise LocalProblem("Windows could not print it.", "Fetch it: `rs get-file`.")
        return done.stdout
