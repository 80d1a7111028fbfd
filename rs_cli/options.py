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
