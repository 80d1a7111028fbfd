"""Progress bars of transfers on a terminal's standard error; in a pipe, nothing at all.

What moves has a bar, the rest is a number: "and 12 more wait". Sizes, rate and remaining time are those of the
transfer itself: what was there before counts as done and not as speed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rs_cli.features.files import State, Transfer
from rs_cli.terminal import output
from rs_cli.transfers import rates, speed
from rs_relay.text import printable

NAME = 32  # cells
SHOWN = (State.WAITING, State.MOVING, State.PAUSED)


@contextmanager
def bars(quiet: bool = False) -> Iterator[Callable[[Transfer], None]]:
    """What is to be called whenever a transfer has moved."""
    if quiet or output.hushed() or not sys.stderr.isatty():
        yield lambda transfer: None
        return
    from rich.console import Console  # 40 ms, for a terminal only
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    tasks: dict[int, TaskID] = {}
    waiting: set[int] = set()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def tell_rest() -> None:
            """Always the last line."""
            if 0 in tasks:
                shown.remove_task(tasks.pop(0))
            if waiting:
                tasks[0] = shown.add_task(f"and {len(waiting)} more in the queue", total=None, figures="")

        def moved(transfer: Transfer) -> None:
            before = len(waiting), len(tasks)
            (waiting.add if transfer.state is State.QUEUED else waiting.discard)(transfer.number)
            show(transfer)
            if before != (len(waiting), len(tasks)):
                tell_rest()

        def show(transfer: Transfer) -> None:
            if transfer.state not in SHOWN:
                if transfer.number in tasks:
                    shown.remove_task(tasks.pop(transfer.number))
                return
            if transfer.number not in tasks:
                tasks[transfer.number] = shown.add_task("", total=None, figures="")
            progress = transfer.progress
            total = progress.total if progress.total >= 0 else None
            shown.update(
                tasks[transfer.number],
                description=_title(transfer),
                completed=progress.done,
                total=total,
                figures=figures(transfer),
            )

        yield moved


def figures(transfer: Transfer) -> str:
    """`12.3 of 45.6 MB, 3.2 MB/s, 10 s left`."""
    progress = transfer.progress
    said = [rates.part(progress.done, progress.total)]
    if transfer.state is State.PAUSED:
        return f"{said[0]}, paused"
    if transfer.rate >= 1:
        said.append(rates.shown(transfer.rate))
    if left := speed.shown(transfer.seconds_left):
        said.append(f"{left} left")
    return ", ".join(said)


def _title(transfer: Transfer) -> str:
    if transfer.state is State.WAITING:
        return "waiting for the connection"
    progress = transfer.progress
    name = printable(progress.name or transfer.label, NAME)
    return f"{name} ({progress.files + 1} of {progress.all_files})" if progress.all_files > 1 else name
