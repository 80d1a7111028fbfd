"""A plainer desktop over there: from the beginning, or by the switches."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewing import PlainDesktop, view
from rs_relay.errors import ConnectionLost
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


async def test_plain_from_the_beginning_and_given_back_part_by_part(case: Case, agent: PrivateAgent) -> None:
    agent.cannot["effects"] = "It has no effects."

    async def story() -> None:
        await case.viewer.entry("no wallpaper", on=True)
        await case.viewer.entry("no effects", on=False, label="No display effects (not possible here)")
        await case.viewer.line("It has no effects.")
        case.viewer.say(pipe.Chosen("no wallpaper", False))
        await case.viewer.entry("no wallpaper", on=False)
        assert agent.wanted["appearance"] == {"effects"}

    await during(case, story, [partial(PlainDesktop, plain=True)])


async def test_nothing_is_asked_for_unless_chosen_and_the_next_link_is_told(case: Case, agent: PrivateAgent) -> None:
    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        assert agent.said == []
        case.viewer.say(pipe.Chosen("no effects", True))
        await case.viewer.entry("no effects", on=True, group="Quality")
        for link in list(agent.links):
            await link.end(ConnectionLost("lost"))
        await agent.until(lambda: len(agent.said) == 2)
        assert agent.said[0] == agent.said[1]
        await case.viewer.entry("no effects", on=True)
        case.viewer.say(pipe.Chosen("no effects", False))
        await agent.until(lambda: agent.wanted["appearance"] == set())

    await during(case, story, [PlainDesktop])
