"""`rs play FILE`: a recording in a window, or what is known of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import AsJson
from rs_cli.recording.reader import Recording, open_recording
from rs_cli.terminal import output
from rs_cli.terminal.spoken import clock
from rs_cli.tui.widgets.size import in_bytes
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()


@app.command()
def play(
    file: Annotated[Path, typer.Argument(help="A recording, made by `rs record`.")],
    at: Annotated[float, typer.Option("--at", metavar="SECONDS", min=0, help="Begin there.")] = 0,
    speed: Annotated[float, typer.Option("--speed", metavar="X", help="0.5, 1, 2, 4 or 8 times as fast.")] = 1,
    paused: Annotated[bool, typer.Option("--paused", help="Show the first picture and wait.")] = False,
    info: Annotated[bool, typer.Option("--info", help="Say what is known of it, and open no window.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a recording in a window.

    Space stops and goes on; arrow and page keys, Home and End seek; + and - change the speed; f is full screen."""
    recording = open_recording(file)
    if info:
        _tell(recording, as_json)
        return
    from rs_cli.player.deck import SPEEDS
    from rs_cli.player.opening import play as show  # Tk, for the window alone

    if speed not in SPEEDS:
        raise UsageError(f"--speed takes one of {', '.join(f'{s:g}' for s in SPEEDS)}.")
    show(recording, round(at * 1000), speed, paused)


def _tell(recording: Recording, as_json: bool) -> None:
    if as_json:
        output.data(_as_data(recording))
        return
    sizes = dict.fromkeys(f"{s.layout.width} × {s.layout.height}" for s in recording.segments)
    created = datetime.fromtimestamp(recording.about.created).strftime("%Y-%m-%d %H:%M")
    lines = {
        "session": printable(recording.about.title, 120),
        "recorded": created,
        "length": clock(recording.duration / 1000),
        "pictures": ", ".join(sizes),
        "updates": f"{recording.updates}, segments: {len(recording.segments)}",
        "file": in_bytes(recording.size),
        "end": _ending(recording),
    }
    for name, text in lines.items():
        output.answer(f"{name:<10}{text}")


def _ending(recording: Recording) -> str:
    if recording.torn:
        return f"torn: {recording.torn} bytes at the end are no whole picture and are left out"
    return "properly ended" if recording.finished else "broken off between two pictures: nothing is missing before"


def _as_data(recording: Recording) -> dict[str, Any]:
    return {
        "title": recording.about.title,
        "created": recording.about.created,
        "seconds": recording.duration / 1000,
        "bytes": recording.size,
        "updates": recording.updates,
        "segments": [
            {"seconds": s.time / 1000, "width": s.layout.width, "height": s.layout.height} for s in recording.segments
        ],
        "finished": recording.finished,
        "torn_bytes": recording.torn,
    }
