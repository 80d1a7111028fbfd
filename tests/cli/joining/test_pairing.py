from __future__ import annotations

from pathlib import Path

from rs_cli.joining.pairing import keep
from rs_cli.state.book import Book
from tests.support.technician import FakeConnector


async def test_a_pairing_becomes_a_session_and_its_link_is_given_up(tmp_path: Path) -> None:
    network = FakeConnector()
    book = Book(tmp_path / "sessions")
    held = await keep(await network.join(network.code), "wss://relay", book)
    assert held == book.get(1)
    assert (held.relay, held.customer, held.role) == ("wss://relay", "Maria's PC", "joiner")
    assert network.agent.links == set()
