"""How a verb moves files: a session reached, the transfers shown, published and carried out, one report of all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rs_cli.doing.reach import reach, step_back
from rs_cli.features.files import Files, Transfer
from rs_cli.terminal.bars import bars
from rs_cli.transfers.publisher import published
from rs_cli.transfers.report import Report, whole_failure
from rs_cli.transfers.setting import at_once
from rs_relay.errors import RsError

Begin = Callable[[Files], list[Transfer]]  # puts into the queue what is to be moved


def carry_out(number: int | None, begin: Begin, timeout: float, *, quiet: bool = False) -> tuple[int, Report]:
    """(the session's number, how it went). `begin` raises for what cannot be begun, before anybody is called.

    Raises what ended the only transfer; of several, what ended one stands in the report."""
    step_back()
    return asyncio.run(_carry_out(number, begin, timeout, quiet))


async def _carry_out(number: int | None, begin: Begin, timeout: float, quiet: bool) -> tuple[int, Report]:
    with bars(quiet) as moved:
        files = Files(moved, at_once=at_once())
        transfers = begin(files)
        async with reach(number, timeout) as session:
            entry = session.entry
            async with published(files, entry.number, entry.customer):
                report = await session.during(files, _ended(files, transfers))
            return entry.number, report


async def _ended(files: Files, transfers: list[Transfer]) -> Report:
    """The report of all. What is done again meanwhile, from another terminal, counts as its last attempt."""
    if len(transfers) == 1:
        return await transfers[0].ended
    while moving := [transfer.ended for transfer in files.transfers if not transfer.ended.done()]:
        await asyncio.wait(moving, return_when=asyncio.FIRST_COMPLETED)
    total = Report()
    for transfer in files.transfers:
        try:
            total.add(transfer.ended.result())
        except RsError as error:
            total.add(whole_failure(error, transfer.label))
    return total
