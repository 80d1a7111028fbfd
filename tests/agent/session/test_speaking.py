"""Whose channel a feature runs on: names and grants are the speaker's, and nobody's where nobody speaks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from rs_agent.consent import Consent
from rs_agent.session.party import Party
from rs_agent.session.speaking import SPEAKER, SpeakingContext, granted
from rs_relay.link.spec import Permission

VIEW, DISK = Permission.VIEW, Permission.DISK


@pytest.fixture
def party() -> Party:
    party = Party()
    party.admit("alice", b"a" * 32, 0.0)
    party.admit("bob", b"b" * 32, 0.0)
    return party


@pytest.fixture
def consent() -> Consent:
    consent = Consent(Permission)
    consent.admit(1, [VIEW, DISK])
    consent.admit(2, [VIEW])
    return consent


async def test_each_task_speaks_for_its_own_technician(party: Party, consent: Consent) -> None:
    context = SpeakingContext(cast(Any, None), cast(Any, None), Path("/"), "alice")
    context.party = lambda: party
    assert context.technician == "alice, bob"

    async def speak(number: int) -> tuple[str, bool, bool]:
        SPEAKER.set(number)
        await asyncio.sleep(0)
        later = asyncio.create_task(asyncio.to_thread(granted, consent, party, DISK))
        return context.technician, granted(consent, party, DISK), await later

    assert await asyncio.gather(*(asyncio.create_task(speak(n)) for n in (1, 2))) == [
        ("alice", True, True),
        ("bob", False, False),
    ]


def test_where_nobody_speaks_only_what_all_may_is_allowed(party: Party, consent: Consent) -> None:
    assert granted(consent, party, VIEW)
    assert not granted(consent, party, DISK)
    party.dismiss(next(one for one in party if one.number == 2))
    assert granted(consent, party, DISK)
    party.dismiss(next(iter(party)))
    assert not granted(consent, party, VIEW)


async def test_who_is_gone_is_allowed_nothing(party: Party, consent: Consent) -> None:
    consent.dismiss(1, 0.0)
    SPEAKER.set(1)
    assert not granted(consent, party, VIEW)
