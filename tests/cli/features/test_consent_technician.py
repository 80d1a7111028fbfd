"""Consent at the technician's end: states are shown, questions are answered, silence is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rs_cli.features import consent as module
from rs_cli.features.consent import Consent
from rs_relay.channels.consent import BY_TECHNICIAN, SPEC, Ask, Goodbye, Grant, State
from rs_relay.errors import SessionEnded
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel, channel_pair

VIEW, FILES = Permission.VIEW, Permission.FILES


@asynccontextmanager
async def running(consent: Consent) -> AsyncIterator[MemoryChannel]:
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(consent.run(ours))
    try:
        yield theirs
    finally:
        await theirs.close()
        await asyncio.gather(task, return_exceptions=True)


def state(**grants: Grant) -> State:
    return State({Permission(name): grant for name, grant in grants.items()}, "Maria's PC", 1)


async def test_states_are_heard_and_kept() -> None:
    heard: list[State] = []
    consent = Consent(heard.append)
    async with running(consent) as agent:
        await agent.send(state(view=Grant.GRANTED))
        assert (await consent.known()).customer == "Maria's PC"
    assert heard == [state(view=Grant.GRANTED)]


async def test_asking_waits_for_each_answer() -> None:
    consent = Consent()
    async with running(consent) as agent:
        await agent.send(state(view=Grant.NOT_ASKED, files=Grant.REFUSED))
        asking = asyncio.create_task(consent.ask([VIEW, FILES]))
        assert await agent.receive() == Ask((VIEW, FILES))
        await agent.send(state(view=Grant.ASKING, files=Grant.ASKING))
        await agent.send(state(view=Grant.GRANTED, files=Grant.ASKING))
        await asyncio.sleep(0)
        assert not asking.done()
        await agent.send(state(view=Grant.GRANTED, files=Grant.REFUSED))
        assert await asking == {VIEW: Grant.GRANTED, FILES: Grant.REFUSED}


async def test_what_is_granted_is_not_asked_again() -> None:
    consent = Consent()
    async with running(consent) as agent:
        await agent.send(state(view=Grant.GRANTED))
        assert await consent.ask([VIEW]) == {VIEW: Grant.GRANTED}
        assert agent.heard == 0


async def test_an_agent_that_has_nothing_new_to_say_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.02)
    consent = Consent()
    async with running(consent) as agent:
        await agent.send(state(view=Grant.REFUSED))
        assert await consent.ask([VIEW]) == {VIEW: Grant.REFUSED}


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (BY_TECHNICIAN, "The technician ended the session."),
        ("Vous avez terminé.\x1b[2J", "The customer ended the session."),
        ("", "The customer ended the session."),
    ],
)
async def test_goodbye_is_the_end_in_our_own_words(reason: str, told: str) -> None:
    consent = Consent()
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(consent.run(ours))
    await theirs.send(Goodbye(reason))
    with pytest.raises(SessionEnded) as caught:
        await task
    assert caught.value.message == told
