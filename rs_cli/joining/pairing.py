"""From a finished pairing to a session in the book: the one step that `connect`, `sessions new` and the TUI share."""

from __future__ import annotations

from time import time

from rs_cli.session.connector import Paired
from rs_cli.state.book import Book, Entry


async def keep(paired: Paired, relay: str, book: Book) -> Entry:
    """Write the session down and close the link that paired: the session stays with the agent, and every program that
    wants something of it makes its own link."""
    entry = book.add(
        Entry(
            number=0,
            customer=paired.customer,
            relay=relay,
            host=paired.host,
            door=paired.door,
            key=paired.key,
            role=paired.role,
            created=time(),
        )
    )
    await paired.link.close()
    return entry
