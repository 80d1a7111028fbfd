"""The switches that darken the customer's screen and hold their hands, and how the window says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewing import COMPANIONS, view
from rs_cli.viewing.privacy import ASKED, ENDED
from rs_relay.channels.consent import Grant
from tests.support.private import PrivateAgent
from tests.support.viewing import Case, during


@pytest.fixture
def agent() -> PrivateAgent:
    return PrivateAgent()


@pytest.fixture
def case(tmp_path: Path, agent: PrivateAgent) -> Case:
    made = Case(tmp_path)
    made.agent = agent
    return made


async def test_on_both_and_off_again(case: Case, agent: PrivateAgent) -> None:
    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("blank", True))
        await case.viewer.entry("blank", on=True)
        await case.viewer.line("The customer's screen is dark.")
        case.viewer.say(pipe.Chosen("block", True))
        await case.viewer.line("The customer's screen is dark, their keyboard and mouse are held.")
        await case.viewer.entry("unkeep", tool=True)
        case.viewer.say(pipe.Chosen("blank", False))
        await case.viewer.line("The customer's keyboard and mouse are held.")
        case.viewer.say(pipe.Chosen("unkeep"))
        await case.viewer.entry("block", on=False)
        await case.viewer.line(view.CONTROLLING)
        await agent.until(lambda: agent.wanted["privacy"] == set())

    await during(case, story, COMPANIONS)


async def test_the_customer_ends_it_and_is_asked_again(case: Case, agent: PrivateAgent) -> None:
    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("blank", True))
        await case.viewer.line(ASKED)
        await case.viewer.entry("blank", on=True)
        await agent.end()
        await case.viewer.line(ENDED)
        await case.viewer.entry("blank", on=False)
        agent.answer = lambda permission: Grant.REFUSED
        case.viewer.say(pipe.Chosen("blank", True))
        await case.viewer.line("The customer has not allowed privacy.")
        await case.viewer.entry("blank", on=False)

    await during(case, story, COMPANIONS)


async def test_what_cannot_be_done_says_why(case: Case, agent: PrivateAgent) -> None:
    agent.cannot["blank"] = "Its graphics driver has no gamma table."

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("blank", True))
        entry = await case.viewer.entry("blank", label="Blank the customer's screen (not now)")
        assert not entry.on
        await case.viewer.line(agent.cannot["blank"])

    await during(case, story, COMPANIONS)
