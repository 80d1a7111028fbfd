"""`rs export FILE OUT.mp4`: a recording as a film that any player plays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from rs_cli.command_line.options import AsJson
from rs_cli.recording.export import export as make
from rs_cli.recording.reader import open_recording
from rs_cli.terminal import output

app = typer.Typer()


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    to: Annotated[Path, typer.Argument(metavar="OUT.mp4", help="The film.")],
    fps: Annotated[int, typer.Option("--fps", metavar="N", min=1, max=60, help="At most N pictures a second.")] = 15,
    scale: Annotated[
        int, typer.Option("--scale", metavar="W", min=0, max=8192, help="W pixels wide; 0: as it was recorded.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", "--overwrite", help="Replace OUT.mp4 if it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an mp4 film (H.264) of a recording, with the customer's pointer drawn in. Needs PyAV: the extra `video`."""
    recording = open_recording(file)
    with _bar(to.name) as moved:
        made = make(recording, to, rate=fps, width=scale or None, replace=force, moved=moved)
    if as_json:
        output.data(
            {
                "file": str(to),
                "seconds": recording.duration / 1000,
                "width": made.width,
                "height": made.height,
                "pictures": made.pictures,
                "bytes": to.stat().st_size,
            }
        )
    else:
        output.answer(str(to))


@contextmanager
def _bar(name: str) -> Iterator[Callable[[float], None]]:
    """How far it is, on a terminal's standard error."""
    if not sys.stderr.isatty():
        yield lambda part: None
        return
    from rich.console import Console  # 40 ms, for a terminal only
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(name, total=1.0)
        yield lambda part: shown.update(task, completed=part)
