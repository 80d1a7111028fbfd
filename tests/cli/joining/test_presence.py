from __future__ import annotations

import asyncio

import pytest

from rs_cli.joining import presence
from rs_cli.session.connector import Connector
from rs_cli.state.book import Entry
from rs_relay.errors import Unreachable
from tests.support.technician import FakeConnector, entry


async def test_each_relay_is_asked_once_for_its_own() -> None:
    here, away = FakeConnector(), FakeConnector()
    away.unreachable = True
    asked: list[str] = []

    def connect(relay: str) -> Connector:
        asked.append(relay)
        return here if relay == "wss://here" else away

    entries = [
        entry(1, relay="wss://here"),
        entry(2, relay="wss://away"),
        entry(3, relay="wss://here"),
        entry(4, relay="wss://gone", ended=5.0),
    ]
    states, trouble = await presence.states(entries, connect)
    assert states == {1: "online", 2: "unknown", 3: "online", 4: "ended"}
    assert isinstance(trouble, Unreachable)
    assert asked == ["wss://here", "wss://away"]


async def test_without_sessions_nobody_is_asked() -> None:
    def connect(relay: str) -> Connector:
        raise AssertionError

    assert await presence.states([], connect) == ({}, None)


async def test_a_relay_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(FakeConnector):
        async def online(self, entries: list[Entry]) -> list[bool]:
            await asyncio.get_running_loop().create_future()
            return []

    monkeypatch.setattr(presence, "ANSWER", 0.01)
    states, trouble = await presence.states([entry(1)], lambda relay: Silent())
    assert states == {1: "unknown"}
    assert isinstance(trouble, Unreachable)
