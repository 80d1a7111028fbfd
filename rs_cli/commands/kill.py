"""`rs kill SESSION PID…`: end programs of the customer's, or signal them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.manage import Manage
from rs_cli.terminal import output
from rs_relay.channels.manage import PIDS, SIGNALS, Done, Program
from rs_relay.errors import NoSuchSession, RsError, UsageError
from rs_relay.text import printable

app = typer.Typer()
NUMBERS = {1: "HUP", 2: "INT", 3: "QUIT", 9: "KILL", 15: "TERM"}  # alike on every Unix


@app.command()
def kill(
    session: Number,
    pids: Annotated[list[int] | None, typer.Argument(metavar="[PID]...", help="Numbers, from `rs ps`.")] = None,
    signal: Annotated[str, typer.Option("--signal", "-s", help=f"One of {', '.join(SIGNALS)}.")] = "TERM",
    name: Annotated[str, typer.Option("--name", help="All programs of exactly this name.")] = "",
    tree: Annotated[bool, typer.Option("--tree", help="And those that they have started.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """End programs, each known by its number and start, so that no other is hit that took its number meanwhile."""
    numbers = tuple(dict.fromkeys(pids or ()))
    if not numbers and not name:
        raise UsageError("Which program?", f"`rs ps {session}` lists them; `rs kill {session} PID`.")
    if len(numbers) > PIDS or any(pid <= 0 for pid in numbers):
        raise UsageError(f"Numbers of programs are over 0, and {PIDS} at most are taken.")
    word = _signal(signal)
    done = asyncio.run(_kill(session, numbers, name, word, tree, timeout))
    return _account(session, done, word, as_json)


def _signal(text: str) -> str:
    word = NUMBERS.get(int(text), "") if text.isascii() and text.isdigit() else text.upper().removeprefix("SIG")
    if word not in SIGNALS:
        raise UsageError("There is no such signal.", f"One of {', '.join(SIGNALS)}.")
    return word


async def _kill(
    number: int, pids: tuple[int, ...], name: str, signal: str, tree: bool, timeout: float
) -> list[tuple[Program, Done | RsError]]:
    manage, lists = Manage(), f"`rs ps {number}` lists them."

    async def work() -> list[tuple[Program, Done | RsError]]:
        programs = await manage.find(pids, name)
        found = {program.pid for program in programs}
        done: list[tuple[Program, Done | RsError]] = [
            (Program(pid, 0.0, "", ""), NoSuchSession(f"There is no program {pid}.", lists))
            for pid in pids
            if pid not in found
        ]
        if name and not any(program.name == name for program in programs):
            done.append((Program(0, 0.0, name, ""), NoSuchSession(f"There is no program called {name}.", lists)))
        for program in programs:
            try:
                done.append((program, await manage.kill(program.pid, program.started, signal, tree)))
            except RsError as error:
                error.hint = error.hint.replace("SESSION", str(number))
                done.append((program, error))
        return done

    async with reach(number, timeout) as session:
        return await session.during(manage, work())


def _account(session: int, done: list[tuple[Program, Done | RsError]], signal: str, as_json: bool) -> int:
    errors = [result for _, result in done if isinstance(result, RsError)]
    if as_json:
        output.data({"session": session, "signal": signal, "programs": [_as_data(*each) for each in done]})
        return errors[0].exit_status if errors else 0
    for program, result in done:
        if isinstance(result, RsError):
            continue
        others = f" and {result.count - 1} more" if result.count > 1 else ""
        state = f"; {result.alive} still there, `-s KILL` is stronger" if result.alive else ""
        output.answer(f"{program.pid} {printable(program.name, 60)}{others}: {signal}{state}")
    if len(done) == 1 and errors:
        raise errors[0]
    for error in errors:
        output.failure(error, as_json=False)
    return errors[0].exit_status if errors else 0


def _as_data(program: Program, result: Done | RsError) -> dict[str, Any]:
    known = {"pid": program.pid, "name": program.name, "user": program.user}
    if isinstance(result, RsError):
        return {**known, "signalled": 0, "alive": None, "error": {"code": result.code, "message": result.message}}
    return {**known, "signalled": result.count, "alive": result.alive, "error": None}
