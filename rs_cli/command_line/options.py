"""The options that many verbs share, so that they are spelled and explained once."""

from __future__ import annotations

from typing import Annotated

import typer

Number = Annotated[int, typer.Argument(metavar="SESSION", help="The session's number, from `rs sessions list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON on standard output, errors included.")]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0.1,
        help="How long to try to reach the customer's computer; below 60, also again when the line breaks.",
    ),
]
REACH = 60.0  # the default of Timeout

_PATHS = "3:PATH, in session 3: absolute, or below the customer's home; or the session's number, then paths."
SomePaths = Annotated[list[str], typer.Argument(metavar="SESSION:PATH…", help=_PATHS, show_default=False)]
Paths = Annotated[list[str], typer.Argument(metavar="[SESSION:PATH]…", help=_PATHS, show_default=False)]
HOME: list[str] = []  # the default of Paths: none named
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files of the same name; else they get a numbered name.")
]
IfNewer = Annotated[
    bool,
    typer.Option("--if-newer", help="Only what is not there yet, or is newer than what is there, which it replaces."),
]
Archive = Annotated[bool, typer.Option("--archive", "-a", help="Keep permissions, and symbolic links as links.")]
Limit = Annotated[
    str, typer.Option("--limit", metavar="RATE", help="At most so many bytes a second: 500k, 2M; or 4Mbit.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary; failures are told.")]
