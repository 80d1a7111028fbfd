"""`rs-relay agents`: what customers download. A process of its own, since the relay itself holds no cipher."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from rs_relay.download import build as release
from rs_relay.download import packing, signing, sources
from rs_relay.download.frozen import freeze, wrapping
from rs_relay.download.start.release import target
from rs_relay.errors import RsError, UsageError


def _data_folder() -> Path:
    """As `rs-relay serve` has it."""
    state = os.environ.get("RS_STATE_DIR")
    return (Path(state) if state else platformdirs.user_state_path("rs", appauthor=False)) / "relay"


app = typer.Typer(
    name="rs-relay agents",
    help="What customers download from the relay's pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Data = Annotated[Path, typer.Option("--data", default_factory=_data_folder, help="The relay's data directory.")]


@app.command()
def build(
    relay: Annotated[str, typer.Option(help="The relay as customers reach it: wss://help.example.org")],
    data: Data,
    system: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(sources.SYSTEMS)}. Default: this one.")
    ] = None,
    python: Annotated[list[str] | None, typer.Option(help="3.11, 3.12 … Default: this one.")] = None,
    serial: Annotated[int, typer.Option(help="Default: SOURCE_DATE_EPOCH, else the time.")] = 0,
    frozen: Annotated[
        bool,
        typer.Option("--frozen", help="Also the file that needs no Python, for this system. With PyInstaller."),
    ] = False,
    program: Annotated[
        list[str] | None,
        typer.Option(metavar="SYSTEM=FILE", help="Such a file that was made on another system, to be offered as well."),
    ] = None,
    fast: Annotated[bool, typer.Option(help="Seconds instead of minutes, and a larger download: for a trial.")] = False,
) -> None:
    """Make the download, signed with the release key."""
    here, _, running = target().rpartition("-")
    for name in system or ():
        if name not in sources.SYSTEMS:
            raise UsageError(f"There is no system called {name}.", f"There are: {', '.join(sources.SYSTEMS)}.")
    targets = [(s, p) for s in system or [here] for p in python or [running]]
    key = signing.load(data)
    number = serial or int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    preset = packing.FASTEST if fast else packing.SMALLEST
    relay = relay.rstrip("/")
    programs = [brought(text) for text in program or ()]
    if frozen:
        programs.append(freeze.freeze(relay, 1 if fast else 9))
    digest = release.build(data / release.FOLDER, key, relay, targets, number, preset, print, programs)
    print(f"SHA-256 of {release.PROGRAM}: {digest}")
    print(f"Signed by: {signing.fingerprint(signing.public(key))}")


@app.command("freeze")
def freeze_(
    relay: Annotated[str, typer.Option(help="The relay as customers reach it: wss://help.example.org")],
    folder: Annotated[Path, typer.Argument(help="Where the file is put.")] = Path("."),
) -> None:
    """Make the file that needs no Python and nothing else, on a computer that is not the relay's."""
    made = freeze.freeze(relay.rstrip("/"))
    (folder / made.name).write_bytes(made.data)
    print(f"{len(made.data) / 1000:9.1f} KB  {made.name}")


@app.command()
def key(data: Data) -> None:
    """The fingerprint of the release key, which is made if there is none. Keep a copy of its file."""
    print(signing.fingerprint(signing.public(signing.load(data))))
    print(f"  {data / signing.FILE}: who holds it can sign what customers run.", file=sys.stderr)


@app.command()
def verify(data: Data) -> None:
    """Check that what lies there is what was signed."""
    signer, files = release.verify(data / release.FOLDER)
    print(f"{files} files, all as signed by: {signing.fingerprint(signer)}")


def brought(text: str) -> freeze.Frozen:
    """What `--program SYSTEM=FILE` names. Raises UsageError."""
    system, _, name = text.partition("=")
    path = Path(name)
    if system not in sources.SYSTEMS or not path.is_file():
        raise UsageError(
            "--program wants SYSTEM=FILE.", f"SYSTEM is one of {', '.join(sources.SYSTEMS)}; FILE what `freeze` made."
        )
    data = path.read_bytes()
    return freeze.Frozen(f"rs-agent-{system}{path.suffix}", system, data, wrapping.stated_glibc(data))


def main() -> None:
    try:
        app(prog_name="rs-relay agents")
    except RsError as e:
        print(f"rs-relay: {e.message}", *([e.hint] if e.hint else []), sep="\n  ", file=sys.stderr)
        sys.exit(e.exit_status)


main()
