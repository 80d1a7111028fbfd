"""Progress bars of transfers on a terminal's standard error; in a pipe, nothing at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rs_cli.features.files import State, Transfer
from rs_relay.text import printable

NAME = 32  # cells


@contextmanager
def bars() -> Iterator[Callable[[Transfer], None]]:
    """What is to be called whenever a transfer has moved."""
    if not sys.stderr.isatty():
        yield lambda transfer: None
        return
    from rich.console import Console  # 40 ms, for a terminal only
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[int, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def moved(transfer: Transfer) -> None:
            progress = transfer.progress
            if transfer.number not in tasks:
                tasks[transfer.number] = shown.add_task("", total=None)
            total = progress.total if progress.total >= 0 else None
            shown.update(tasks[transfer.number], description=_title(transfer), completed=progress.done, total=total)

        yield moved


def _title(transfer: Transfer) -> str:
    if transfer.state is State.WAITING:
        return "waiting for the connection"
    progress = transfer.progress
    name = printable(progress.name or transfer.label, NAME)
    return f"{name} ({progress.files + 1} of {progress.all_files})" if progress.all_files > 1 else name
