"""`rs reboot SESSION`: restart the customer's computer, and come back into the same session."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.power import Power
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_relay.channels.power import BY_HAND, DELAY, LEAST, MAX_REASON, MOST, Back, Counting, Going
from rs_relay.errors import NotAllowed, UsageError
from rs_relay.text import printable

app = typer.Typer()
WITHDRAWN = (
    "The session with the customer's computer is back, but the permission `power` was taken away meanwhile, so nobody "
    "says how the restart went."
)


@app.command()
def reboot(
    session: Number,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the computer is back in the session.")] = False,
    delay: Annotated[
        float, typer.Option("--delay", metavar="SECONDS", min=LEAST, max=MOST, help="How long it is counted down.")
    ] = DELAY,
    reason: Annotated[str, typer.Option("--reason", help="A sentence for the customer.")] = "",
    safe_mode: Annotated[bool, typer.Option("--safe-mode", help="Into Windows' safe mode, with its network.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Restart the customer's computer after a countdown that the customer can stop; Ctrl-C stops it, too.

    The session comes back by itself. Both ends give it up when that takes longer than ten minutes."""
    if len(reason) > MAX_REASON:
        raise UsageError(f"The reason has {MAX_REASON} characters at most.")
    went = asyncio.run(_reboot(session, wait, delay, reason, safe_mode, timeout))
    back = went if isinstance(went, Back) else None
    if as_json:
        output.data({
            "session": session, "back": back is not None, "restarted": back.restarted if back else None,
            "away_seconds": round(back.away, 1) if back else None, "note": back.note if back else "",
            "window_seconds": went.window if isinstance(went, Going) else None,
        })  # fmt: skip
    elif back is not None:
        what = (
            "The customer's computer"
            if back.restarted
            else "The customer's program, not their computer, was restarted; it"
        )
        output.answer(f"{what} is back after {back.away:.0f} s.")
        if back.note:
            output.note(printable(back.note, 400))
    else:
        output.answer("The customer's computer restarts now; the session comes back by itself.")


async def _reboot(number: int, wait: bool, delay: float, reason: str, safe_mode: bool, timeout: float) -> Going | Back:
    show = Countdown()

    def heard(said: Counting | Going) -> None:
        if isinstance(said, Going):
            Book().expect(number, said.window)
            show.end()
            if safe_mode:
                output.note(BY_HAND)
        else:
            show.count(said.left)

    power = Power(delay=delay, reason=reason, safe_mode=safe_mode, heard=heard)

    async def work() -> Going | Back:
        went = await power.goes()
        if isinstance(went, Back) or not wait:
            return went
        session.be_patient(None)  # it ends by the time that the agent has, which the book knows
        output.progress("The customer's computer restarts. Waiting for it to come back …")
        return await power.back()

    async with reach(number, timeout) as session:
        try:
            return await session.during(power, work())
        except NotAllowed as error:
            if not power.away:
                raise
            raise NotAllowed(
                WITHDRAWN, f"`rs sessions show {session.entry.number}` says what is allowed now."
            ) from error
        finally:
            show.end()


class Countdown:
    """On a terminal, one line that counts."""

    def __init__(self) -> None:
        self._shown = False

    def count(self, left: float) -> None:
        if sys.stderr.isatty() and not output.hushed():
            print(
                f"\rThe customer's computer restarts in {left:.0f} s. Ctrl-C stops it. ",
                end="",
                file=sys.stderr,
                flush=True,
            )
            self._shown = True

    def end(self) -> None:
        if self._shown:
            self._shown = False
            print(file=sys.stderr)
