"""`rs privacy`: what it says, and with what it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rs_cli.commands import privacy
from rs_cli.main import run
from rs_cli.session.technician import Technician, open_session
from rs_cli.state.book import Book
from rs_relay.channels.consent import Grant
from rs_relay.channels.privacy import Part
from rs_relay.errors import LocalProblem, NotAllowed, UsageError
from rs_relay.link.spec import Permission
from tests.support.customer import until
from tests.support.private import PrivateAgent
from tests.support.technician import FakeConnector, entry


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrivateAgent:
    made, book = PrivateAgent(), Book(tmp_path)
    number = book.add(entry()).number

    @asynccontextmanager
    async def reach(_number: int, timeout: float) -> AsyncIterator[Technician]:
        async with open_session(number, book=book, connector=FakeConnector(made)) as session:
            yield session

    monkeypatch.setattr(privacy, "reach", reach)
    monkeypatch.setattr(privacy, "GRACE", 0.05)
    return made


def test_nothing_named_is_nothing_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["privacy", "3"]) == UsageError.exit_status
    assert "--blank" in capsys.readouterr().err


async def test_it_holds_until_it_is_interrupted(agent: PrivateAgent, capsys: pytest.CaptureFixture[str]) -> None:
    task = asyncio.create_task(privacy._keep(1, frozenset(Part), 5))
    await agent.until(lambda: agent.wanted.get("privacy") == {"blank", "block"})
    said = ""

    def heard() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return "held" in said

    await until(heard)
    assert said.splitlines() == [
        "The customer's screen is dark. Ctrl-C ends it.",
        "The customer's keyboard and mouse are held. Ctrl-C ends it.",
    ]
    task.cancel()
    await asyncio.wait([task])
    await agent.until(lambda: agent.wanted["privacy"] == set())


async def test_what_the_customer_ends_or_refuses_is_an_exit_of_its_own(agent: PrivateAgent) -> None:
    task = asyncio.create_task(privacy._keep(1, frozenset({Part.BLANK}), 5))
    await agent.until(lambda: agent.wanted.get("privacy") == {"blank"})
    await agent.end()
    with pytest.raises(NotAllowed):
        await task
    agent.answer = lambda permission: Grant.REFUSED
    assert agent.grants[Permission.PRIVACY] is Grant.WITHDRAWN
    with pytest.raises(NotAllowed):
        await privacy._keep(1, frozenset({Part.BLANK}), 5)


async def test_where_none_of_it_can_be_done_it_says_why_and_ends(
    agent: PrivateAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.cannot["blank"] = "No gamma\x1b[31m table."
    with pytest.raises(LocalProblem):
        await privacy._keep(1, frozenset({Part.BLANK}), 5)
    said = capsys.readouterr().err
    assert "No gamma" in said
    assert "\x1b" not in said
