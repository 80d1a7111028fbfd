"""`rs print 3:report.pdf …`: files of the customer's, on a printer of the technician's.

Each is fetched into a directory nobody else can look into, handed to the spooler, which takes a copy, and deleted.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Timeout
from rs_cli.command_line.remote import Remote, need
from rs_cli.doing.reach import reach, step_back
from rs_cli.features.files import Files
from rs_cli.printing import spooling
from rs_cli.printing.spooling import JobState, Order, Spooler
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_cli.terminal.bars import bars
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.text import printable

app = typer.Typer()
LOOK = 1.0  # seconds between two looks at a job
NAME = 100  # cells


@app.command("print")
def print_(
    what: Annotated[
        list[str] | None, typer.Argument(metavar="SESSION:PATH…", help="Files of the customer's, like 3:report.pdf.")
    ] = None,
    printer: Annotated[
        str, typer.Option("--printer", "-d", metavar="NAME", help="Which one of yours; without it your default.")
    ] = "",
    copies: Annotated[int, typer.Option("--copies", "-n", metavar="N", min=1, max=999)] = 1,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="KEY=VALUE", help="Like sides=two-sided-long-edge or media=A4."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they are printed, and fail if one is not.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List this computer's printers.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Print files of the customer's on your own printer. They are fetched, printed, and not kept."""
    order = Order(printer, copies, spooling.check(option or ()))
    spooler = spooling.spooler()
    if list_:
        _list(spooler, as_json)
        return
    if not what:
        raise UsageError("No file is named.", "`rs print 3:report.pdf`")
    remotes = [need(path, "print") for path in what]
    _has_printer(spooler, printer)
    step_back()
    jobs = asyncio.run(_print(spooler, remotes, order, timeout))
    told = [(job, _over(spooler, job["job"]) if wait else JobState.WAITING) for job in jobs]
    _tell(told, as_json)
    failed = [job["file"] for job, state in told if state in (JobState.FAILED, JobState.CANCELLED)]
    if failed:
        raise LocalProblem(
            f"{len(failed)} of {len(told)} files were not printed.", "`lpstat -t` tells how your printers are."
        )


def _has_printer(spooler: Spooler, wanted: str) -> None:
    """Before anything is fetched. Raises LocalProblem."""
    known = spooler.printers()
    if not known:
        raise LocalProblem("This computer has no printer.", spooling.NO_PRINTER)
    if wanted and wanted.partition("/")[0] not in {printer.name for printer in known}:
        raise LocalProblem(f"This computer has no printer '{printable(wanted, 40)}'.", "`rs print --list`")


def _list(spooler: Spooler, as_json: bool) -> None:
    printers = spooler.printers()
    if as_json:
        output.data([{"printer": p.name, "default": p.default, "state": p.state} for p in printers])
        return
    if not printers:
        output.note(f"This computer has no printer. {spooling.NO_PRINTER}")
    rows = ({"printer": printable(p.name, 40), "default": "default" if p.default else "",
             "state": printable(p.state, 60)} for p in printers)  # fmt: skip
    output.table(("printer", "default", "state"), rows)


async def _print(spooler: Spooler, remotes: list[Remote], order: Order, timeout: float) -> list[dict[str, Any]]:
    """In the order given, session by session; what was handed over before an error stays so."""
    jobs: list[dict[str, Any]] = []
    book = Book()
    numbers = [remote.pick(book).number for remote in remotes]
    with bars() as moved:
        for number in dict.fromkeys(numbers):
            files = Files(moved)
            async with reach(number, timeout) as session:
                for remote in (r for r, n in zip(remotes, numbers, strict=True) if n == number):
                    with _private(remote.path) as (file, fd):
                        report = await session.during(files, files.get_pipe(remote.path, fd))
                        report.check()
                        title = printable(Path(remote.path).name, NAME)
                        job = await asyncio.to_thread(spooler.submit, file, title, order)
                        size = file.stat().st_size
                    jobs.append({"session": number, "file": remote.path, "bytes": size, "job": job})
    return jobs


@contextmanager
def _private(remote: str) -> Iterator[tuple[Path, int]]:
    """An empty file of this user's alone, gone afterwards. It keeps a suffix, which some spoolers look at."""
    suffix = Path(remote).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="rs-print-") as folder:
        file = Path(folder) / f"document{suffix if suffix in spooling.DOCUMENTS else ''}"
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            yield file, fd
        finally:
            os.close(fd)


def _over(spooler: Spooler, job: str) -> JobState:
    output.progress(f"Waiting for {printable(job, NAME)} …")
    told = JobState.WAITING
    while not (state := spooler.state(job)).over:
        if state is not told and state is JobState.HELD:
            output.progress("It is held: the printer is stopped, or somebody holds the job. Ctrl-C ends the waiting.")
        told = state
        time.sleep(LOOK)
    return state


def _tell(told: list[tuple[dict[str, Any], JobState]], as_json: bool) -> None:
    if as_json:
        output.data([{**job, "state": str(state)} for job, state in told])
        return
    for job, state in told:
        words = "is with the printer" if state is JobState.WAITING else str(state)
        output.answer(f"{printable(job['file'], NAME)}: {printable(job['job'], NAME)} {words}")
