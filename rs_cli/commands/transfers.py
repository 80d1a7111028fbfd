"""`rs transfers …`: what all of your `rs` programs move, or have moved lately, and how to change it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from rs_cli.command_line.options import REACH, AsJson, Quiet, Timeout
from rs_cli.terminal import output
from rs_cli.transfers import rates, speed
from rs_cli.transfers.board import Ask, Board
from rs_cli.transfers.record import Failure, Record, State, document
from rs_relay.errors import UsageError
from rs_relay.text import printable
from rs_relay.transfer.part import amount

if TYPE_CHECKING:
    from rs_cli.features.files import Files, Transfer

EVERY = 0.5  # seconds between two looks of --watch
LABEL = 40  # cells
COLUMNS = ("id", "#", "what", "state", "size", "files", "rate", "left")


class _Group(TyperGroup):
    """A number where a sub-verb is expected is a session's: `rs transfers 3`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        if args and args[0].isascii() and args[0].isdigit():
            args = ["list", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer()
Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers from `rs transfers`.", show_default=False)]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Keep showing it until Ctrl-C.")]


@app.callback(cls=_Group, invoke_without_command=True)
def transfers(ctx: typer.Context, watch: Watch = False, as_json: AsJson = False) -> None:
    """What your rs programs move, or have moved lately. A number lists one session's alone."""
    if ctx.invoked_subcommand is None:
        _list(None, watch, as_json)


@app.command("list")
def list_(
    session: Annotated[int | None, typer.Argument(metavar="[SESSION]")] = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """List them, of all sessions or of one."""
    _list(session, watch, as_json)


@app.command()
def pause(ids: Ids, as_json: AsJson = False) -> None:
    """Stop them for a while; the next in the queue have their turn."""
    _ask(ids, Ask("pause"), as_json)


@app.command()
def resume(ids: Ids, as_json: AsJson = False) -> None:
    """Let what was paused go on."""
    _ask(ids, Ask("resume"), as_json)


@app.command()
def cancel(ids: Ids, as_json: AsJson = False) -> None:
    """End them. What has arrived is kept: `rs transfers retry` goes on with it."""
    _ask(ids, Ask("cancel"), as_json)


@app.command()
def first(ids: Ids, as_json: AsJson = False) -> None:
    """Move them to the front of their program's queue."""
    _ask(list(reversed(ids)), Ask("first"), as_json)


@app.command()
def up(ids: Ids, as_json: AsJson = False) -> None:
    """Move them one place up in the queue."""
    _ask(ids, Ask("up"), as_json)


@app.command()
def down(ids: Ids, as_json: AsJson = False) -> None:
    """Move them one place down in the queue."""
    _ask(ids, Ask("down"), as_json)


@app.command()
def limit(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The number from `rs transfers`.")],
    rate: Annotated[str, typer.Argument(metavar="RATE", help="500k, 2M (bytes a second), 4Mbit; none ends the limit.")],
    as_json: AsJson = False,
) -> None:
    """Change how fast it may go."""
    _ask([id_], Ask("limit", rates.parse(rate)), as_json)


@app.command()
def retry(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The number from `rs transfers`.")],
    quiet: Quiet = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Go on with one that failed, was cancelled, or whose program has ended: there if its program runs, else here."""
    board = Board()
    record = board.get(id_)
    if not record.state.is_over or record.state is State.DONE:
        raise UsageError(f"Transfer {id_} is {record.state}.", "Only what failed or was stopped is done again.")
    if record.order.pipe:
        raise UsageError("What came from a pipe cannot be sent again.")
    if board.lives(record):
        _ask([id_], Ask("retry"), as_json)
        return 0

    from rs_cli.doing.carrying import carry_out
    from rs_cli.terminal.accounts import account  # the engine: a list needs none of it

    def begin(files: Files) -> list[Transfer]:
        transfer = files.start(record.order, record.limit)
        transfer.id = id_
        return [transfer]

    session, report = carry_out(record.session, begin, timeout, quiet=quiet)
    return account(session, report, as_json, quiet)


@app.command()
def clear(as_json: AsJson = False) -> None:
    """Forget those that are over, with the names in their records."""
    board = Board()
    over = [record for record in board.records() if record.state.is_over]
    for record in over:
        board.remove(record.id)
    if as_json:
        output.data({"cleared": [record.id for record in over]})
    elif over:
        output.answer(f"{len(over)} forgotten.")


def _ask(ids: Iterable[int], ask: Ask, as_json: bool) -> None:
    board = Board()
    for number in ids:
        record = board.ask(number, ask)
        if as_json:
            output.data(document(record))
        else:
            output.answer(f"{number}: {_state(record)}")


def _list(session: int | None, watch: bool, as_json: bool) -> None:
    board = Board()

    def look() -> list[Record]:
        return [record for record in board.records() if session in (None, record.session)]

    if as_json:
        while True:
            output.data([document(record) for record in look()])
            if not watch:
                return
            time.sleep(EVERY)
    if watch:
        if not output.is_terminal():
            raise UsageError("--watch needs a terminal.", "`--watch --json` is for programs.")
        _watch(look)
        return
    records = look()
    if not records:
        output.note("Nothing is moving, and nothing has moved lately.")
        return
    output.table(COLUMNS, map(_row, records))
    for record in records:
        _tell_failures(record)


def _watch(look: Callable[[], list[Record]]) -> None:
    """Until Ctrl-C."""
    from rich.console import Console  # 40 ms, for a terminal only
    from rich.live import Live
    from rich.text import Text

    console = Console(no_color=not output.colour())

    def drawn() -> Any:
        records = look()
        return _table(records) if records else Text("Nothing is moving.", "dim")

    with Live(drawn(), console=console, auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(EVERY)
            live.update(drawn(), refresh=True)


def _table(records: list[Record]) -> Any:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        shown.add_column(Text(name), no_wrap=name != "state", overflow="ellipsis")
    for record in records:
        row = _row(record)
        shown.add_row(*(Text(row[name]) for name in COLUMNS))
    return shown


def _row(record: Record) -> dict[str, str]:
    arrow = "→" if record.order.sending else "←"
    return {
        "id": str(record.id),
        "#": str(record.session),
        "what": f"{arrow} {printable(record.label, LABEL)}",
        "state": _state(record),
        "size": amount(record.done) if record.state is State.DONE else rates.part(record.done, record.total),
        "files": f"{record.files} of {record.all_files}" if record.all_files > 1 else "",
        "rate": rates.shown(record.rate) if record.rate >= 1 else "",
        "left": speed.shown(record.seconds_left),
    }


def _state(record: Record) -> str:
    said = str(record.state)
    if record.state is State.MOVING and record.total > 0:
        said = f"{min(1.0, record.done / record.total):.0%}"
    elif record.state is State.QUEUED:
        said = f"queued, {record.place}."
    if record.limit >= 0 and not record.state.is_over:
        said += f", at most {rates.shown(record.limit)}"
    if wrong := _wrong(record):
        said += f": {printable(wrong.message)}"
    elif record.failed:
        said += f", {record.failed} failed"
    return said


def _wrong(record: Record) -> Failure | None:
    """What it failed of, where that is one thing: it stands in the transfer's own line."""
    if record.state is not State.FAILED:
        return None
    alone = record.all_files <= 1 and record.failed == len(record.failures) == 1
    return record.error or (record.failures[0] if alone else None)


def _tell_failures(record: Record) -> None:
    for failure in record.failures if record.state is State.FAILED and not _wrong(record) else ():
        output.complain(f"{record.id}: {printable(failure.name, LABEL)}: {printable(failure.message)}")
    if record.failed > len(record.failures):
        output.complain(f"{record.id}: … and {record.failed - len(record.failures)} more.")
