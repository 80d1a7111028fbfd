"""Which of the held sessions' customers are at their relays now. A relay that cannot be asked makes them `unknown`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import time

from rs_cli.session.connector import Connector
from rs_cli.state.book import Entry
from rs_cli.terminal.spoken import since
from rs_relay.errors import RsError, Unreachable

ANSWER = 4.0  # seconds for a relay to answer: a list must come, with or without it


def dialled(relay: str) -> Connector:
    from rs_cli.session.dialled import connector_for  # the network, only where a session is open

    return connector_for(relay)


async def states(
    entries: list[Entry], connect: Callable[[str], Connector] = dialled
) -> tuple[dict[int, str], RsError | None]:
    """(number -> online | offline | restarting | unknown | ended, the first relay's trouble)."""
    by_relay: dict[str, list[Entry]] = {}
    found = {entry.number: "ended" for entry in entries if not entry.is_open}
    for entry in entries:
        if entry.is_open:
            by_relay.setdefault(entry.relay, []).append(entry)
    answers = await asyncio.gather(*(_ask(connect, relay, held) for relay, held in by_relay.items()))
    trouble = None
    for states, error in answers:
        found.update(states)
        trouble = trouble or error
    return found, trouble


def started(entry: Entry) -> str:
    return f"{since(time() - (entry.ended or entry.created))} ago"


async def _ask(
    connect: Callable[[str], Connector], relay: str, entries: list[Entry]
) -> tuple[dict[int, str], RsError | None]:
    error: RsError
    try:
        async with asyncio.timeout(ANSWER):
            online = await connect(relay).online(entries)
        return {e.number: _word(e, here) for e, here in zip(entries, online, strict=True)}, None
    except TimeoutError:
        error = Unreachable("The relay does not answer.")
    except RsError as e:
        error = e
    return {entry.number: "unknown" for entry in entries}, error


def _word(entry: Entry, here: bool) -> str:
    return "online" if here else "restarting" if entry.due else "offline"
