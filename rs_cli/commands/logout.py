"""`rs logout [URL]`: forget a relay's token on this computer."""

from __future__ import annotations

from typing import Annotated

import typer

from rs_cli.command_line.options import AsJson
from rs_cli.state import config
from rs_cli.terminal import output
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def logout(
    url: Annotated[str, typer.Argument(help="The relay; without it, the one in use.")] = "",
    as_json: AsJson = False,
) -> None:
    """Forget a relay's token. The token stays valid until the relay's operator revokes it."""
    stored = config.stored()
    address = config.check_url(url) if url else stored.current
    if address not in stored.relays:
        raise UsageError("You are not signed in there.", "`rs login URL` signs in.")
    config.save(stored.without(address))
    if as_json:
        output.data({"relay": address})
    else:
        output.answer(f"The token for {address} is forgotten.")
