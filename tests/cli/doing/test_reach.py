"""What a person who waits is told, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from rs_cli.doing import reach
from rs_cli.doing.reach import Narrator
from rs_cli.session.events import Began, Moved, Opening, Stopped
from rs_cli.session.status import Connecting, Lost
from rs_cli.terminal import output
from rs_relay.errors import NotAllowed


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(output, "progress", said.append)
    monkeypatch.setattr(reach, "PATIENCE", 0.0)
    return said


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.001)


async def test_a_lost_connection_is_told_at_once(said: list[str]) -> None:
    narrator = Narrator()
    narrator.hear(Moved(Connecting(1)))
    narrator.hear(Moved(Lost("The relay cannot be reached.", 1.53)))
    assert said == ["The relay cannot be reached. Trying again in 1.5 s."]


async def test_only_a_wait_for_the_customer_is_told(said: list[str]) -> None:
    narrator = Narrator()
    narrator.hear(Opening("chat"))
    narrator.hear(Began("chat"))
    narrator.hear(Opening("files"))
    narrator.hear(Stopped("files", NotAllowed("no")))
    await settle()
    assert said == []
    narrator.hear(Opening("clipboard"))
    await settle()
    assert said == ["Waiting for the customer to allow clipboard …"]


async def test_silence_takes_back_what_would_be_said(said: list[str]) -> None:
    narrator = Narrator()
    narrator.hear(Opening("files"))
    narrator.silence()
    await settle()
    assert said == []


async def test_a_hint_names_the_session_that_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def opened(number: int | None, **how: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(entry=SimpleNamespace(number=7))

    monkeypatch.setattr(reach, "open_session", opened)
    with pytest.raises(NotAllowed) as caught:
        async with reach.reach(None, 1.0):
            raise NotAllowed("No.", "Ask for it: `rs sessions ask SESSION disk`.")
    assert caught.value.hint == "Ask for it: `rs sessions ask 7 disk`."
