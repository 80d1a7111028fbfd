"""`rs info SESSION`: what the customer's computer is, and what a technician should look at."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.sysinfo import Sysinfo
from rs_cli.terminal import machine, output
from rs_relay.channels.sysinfo import Attention, System

app = typer.Typer()


@app.command()
def info(
    session: Number,
    top: Annotated[int, typer.Option("--top", min=0, max=20, help="Programs told that take most.")] = 5,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Tell system, processors, memory, disks, network, users, pending restarts, failed services, the last errors."""
    system, attention = asyncio.run(_ask(session, top, timeout))
    if as_json:
        output.data({"session": session, **machine.plain(system), "attention": machine.plain(attention)})
        return
    columns = machine.width()
    for line in machine.about(system, attention, columns):
        output.answer(line)
    for title, found in (("processor", system.by_cpu), ("memory", system.by_memory)):
        if found:
            output.answer(f"\nMost {title}:" if output.is_terminal() else "")
            output.table(*machine.process_rows(found, columns))


async def _ask(number: int, top: int, timeout: float) -> tuple[System, Attention]:
    sysinfo = Sysinfo()

    async def both() -> tuple[System, Attention]:
        return await asyncio.gather(sysinfo.look(top), sysinfo.check())

    async with reach(number, timeout) as session:
        return await session.during(sysinfo, both())
