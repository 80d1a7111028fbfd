"""`rs ps SESSION [WORD]`: the programs that run on the customer's computer."""

from __future__ import annotations

import asyncio
import sys
import time
from enum import StrEnum
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.sysinfo import Sysinfo
from rs_cli.terminal import machine, output
from rs_relay.channels.sysinfo import Process

app = typer.Typer()
HOME_AND_CLEAR = "\x1b[H\x1b[2J"


class By(StrEnum):
    CPU = "cpu"
    MEMORY = "memory"
    PID = "pid"
    NAME = "name"
    STARTED = "started"


@app.command()
def ps(
    session: Number,
    word: Annotated[str, typer.Argument(help="A number, or a word of the name, command or user.")] = "",
    sort: Annotated[By, typer.Option("--sort", "-s", help="What comes first.")] = By.CPU,
    tree: Annotated[bool, typer.Option("--tree", "-t", help="Each below the one that has started it.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="So many at most; 0 for all.")] = 0,
    watch: Annotated[
        float | None,
        typer.Option("--watch", "-w", metavar="SECONDS", min=0.2, max=3600, help="Again and again, until Ctrl-C."),
    ] = None,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """List the programs that run, those that take most of the processor first. CPU % is of one processor."""
    asyncio.run(_Ps(session, word, sort, tree, lines, as_json).run(watch, timeout))


class _Ps:
    def __init__(self, session: int, word: str, sort: By, tree: bool, lines: int, as_json: bool) -> None:
        self._session, self._word, self._sort = session, word, sort
        self._tree, self._lines, self._json = tree, lines, as_json

    async def run(self, every: float | None, timeout: float) -> None:
        sysinfo = Sysinfo()

        async def tell() -> None:
            while True:
                self._tell(await sysinfo.processes(), clear=every is not None)
                if every is None:
                    return
                await asyncio.sleep(every)

        async with reach(self._session, timeout) as session:
            await session.during(sysinfo, tell())

    def _tell(self, found: list[Process], clear: bool) -> None:
        chosen = machine.sorted_by(machine.chosen(found, self._word) if self._word else found, self._sort)
        shown = chosen[: self._lines] if self._lines else chosen
        if self._json:
            output.data({"session": self._session, "processes": [machine.plain(process) for process in shown]})
            return
        if clear and output.is_terminal():
            shown = shown[: machine.height() - 3]
            sys.stdout.write(HOME_AND_CLEAR)
        output.table(*machine.process_rows(shown, machine.width(), tree=self._tree))
        if clear:
            output.answer(f"{len(chosen)} programs at {machine.clock(time.time(), '%H:%M:%S')}; Ctrl-C ends.")
