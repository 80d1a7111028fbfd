"""`rs screenshot SESSION [FILE]`: the customer's screen as a PNG, exact to the pixel, with no window anywhere."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.still import Still, Taken
from rs_cli.state.private import write_private
from rs_cli.terminal import output
from rs_cli.terminal.picture import VARIABLE, Terminal, Way, load
from rs_cli.terminal.picture import show as show_picture
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.transfer.names import numbered

app = typer.Typer()

Monitor = Annotated[
    int, typer.Option("--monitor", "-m", metavar="N", min=0, max=64, help="1 is the first; 0 all of them together.")
]


@app.command()
def screenshot(
    session: Number,
    file: Annotated[
        str, typer.Argument(help="Where to save it; `-` is standard output. Without it: a name with the time.")
    ] = "",
    monitor: Monitor = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Show it in the terminal; saved only if FILE is named.")] = False,
    pictures: Annotated[
        Way, typer.Option("--pictures", help="How the terminal shows it.", envvar=VARIABLE, show_envvar=True)
    ] = Way.AUTO,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Save a picture of the customer's screen as a PNG, or show it in the terminal.

    A file that is there already is not replaced: the picture then gets a numbered name, which is printed."""
    to_stdout = file == "-"
    if to_stdout and as_json:
        raise UsageError("The picture and JSON cannot both go to standard output.", "Name a file instead of `-`.")
    if to_stdout and output.is_terminal():
        raise UsageError("A terminal shows no PNG.", "Pipe it into a program, or name a file instead of `-`.")
    terminal = _terminal(pictures, to_stdout or as_json) if show else None
    taken = asyncio.run(_take(session, monitor - 1, timeout))
    if terminal is not None:
        _show(taken, terminal)
        if not file:
            return
    data = _png(taken)
    if to_stdout:
        sys.stdout.buffer.write(data)
        return
    saved = save(Path(file or time.strftime(f"screen-{session}-%Y%m%d-%H%M%S.png")), data, overwrite)
    if as_json:
        size = {"width": taken.layout.width, "height": taken.layout.height}
        output.data({"file": str(saved), **size, "x": taken.layout.x, "y": taken.layout.y, "bytes": len(data)})
    else:
        output.answer(str(saved))


def _terminal(pictures: Way, taken: bool) -> Terminal:
    """The one to show the picture in. Raises UsageError, LocalProblem."""
    if taken or not output.is_terminal():
        raise UsageError("--show needs standard output to be a terminal.", "Name a file to save the picture.")
    return load(pictures)


def _show(taken: Taken, terminal: Terminal) -> None:
    from PIL import Image

    show_picture(Image.fromarray(taken.pixels), terminal)


def save(path: Path, data: bytes, overwrite: bool) -> Path:
    """Writes a whole file, for its owner's eyes, and returns where: `path`, or the next free numbered name. Raises
    LocalProblem."""
    if overwrite:
        write_private(path, data)
        return path
    free = _reserve(path)
    try:
        write_private(free, data)
    except BaseException:
        free.unlink(missing_ok=True)
        raise
    return free


def _reserve(path: Path) -> Path:
    """The first of the numbered names that was free, now an empty file: of two at once, each gets its own."""
    for number in itertools.count():
        free = path.with_name(numbered(path.name, number))
        try:
            os.close(os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        except OSError as e:
            raise LocalProblem(f"{free} cannot be written: {e.strerror}.", "Check the directory.") from e
        return free
    raise RuntimeError("counting has ended")


def _png(taken: Taken) -> bytes:
    from PIL import Image  # 30 ms that `--help` need not wait for

    out = BytesIO()
    Image.fromarray(taken.pixels).save(out, "PNG")
    return out.getvalue()


async def _take(number: int, monitor: int, timeout: float) -> Taken:
    still = Still(monitor)
    async with reach(number, timeout) as session:
        return await session.during(still, still.taken())
