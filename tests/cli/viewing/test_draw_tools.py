"""The drawing tools of the window's menu, between a window and an agent made of memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewing import COMPANIONS, view
from rs_cli.viewing.draw import ALONE, CHOSEN, OFF, WIDTHS, DrawTools
from rs_relay.channels.draw import ALL, Begin, Colour, Done, Erase, Standing, Tool, Where
from rs_relay.errors import UsageError
from rs_relay.link.spec import ChannelSpec, Permission
from tests.support.viewing import Case, during

STROKE = Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1),))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


async def sent(case: Case, message: Any) -> None:
    async with case.viewer.more, asyncio.timeout(10):
        await case.viewer.more.wait_for(lambda: message in case.viewer.sent)


async def test_a_tool_is_taken_draws_and_is_put_away(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("draw pen", on=False, enabled=True, tool=True)
        case.viewer.say(pipe.Chosen("draw pen", True))
        await case.viewer.line(CHOSEN)
        await case.viewer.entry("draw pen", on=True)
        assert pipe.Pen(Tool.PEN, Colour.RED, WIDTHS[Tool.PEN]) in case.viewer.sent
        case.viewer.say(pipe.Drawn(STROKE))
        await case.agent.until(lambda: STROKE in case.agent.heard)
        await case.agent.boards[0].send(Done(1))
        await sent(case, pipe.Board(Done(1)))
        case.viewer.say(pipe.Chosen("draw arrow", True))
        await case.viewer.entry("draw arrow", on=True)
        await case.viewer.entry("draw pen", on=False)
        case.viewer.say(pipe.Pen())  # Escape in the window
        await case.viewer.entry("draw arrow", on=False)
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("draw laser", True))
        await case.viewer.entry("draw laser", on=True)
        case.viewer.say(pipe.Chosen("draw laser", False))
        await case.viewer.entry("draw laser", on=False)
        pens = [message for message in case.viewer.sent if isinstance(message, pipe.Pen)]
        assert [pen.tool for pen in pens] == [Tool.PEN, Tool.ARROW, Tool.LASER, None]

    await during(case, story, (DrawTools,))


async def test_each_tool_keeps_its_colour(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("ink red", on=True)
        await case.viewer.entry("draw highlighter", enabled=True)
        case.viewer.say(pipe.Chosen("draw highlighter", True))
        await case.viewer.entry("ink yellow", on=True)
        case.viewer.say(pipe.Chosen("ink green"))
        await sent(case, pipe.Pen(Tool.HIGHLIGHTER, Colour.GREEN, WIDTHS[Tool.HIGHLIGHTER]))
        case.viewer.say(pipe.Chosen("draw pen", True))
        await case.viewer.entry("ink red", on=True)

    await during(case, story, (DrawTools,))


async def test_erase_all(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("erase", enabled=True)
        case.viewer.say(pipe.Chosen("erase"))
        await case.agent.until(lambda: Erase(ALL) in case.agent.heard)

    await during(case, story, (DrawTools,))


async def test_it_is_said_that_the_customer_does_not_see_it(case: Case) -> None:
    case.agent.where = Where.PICTURE

    async def story() -> None:
        await case.viewer.entry("draw pen", enabled=True)
        case.viewer.say(pipe.Chosen("draw pen", True))
        await case.viewer.line(ALONE)

    await during(case, story, (DrawTools,))


async def test_who_wants_no_drawings_is_left_alone(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("draw pen", enabled=True)
        case.viewer.say(pipe.Chosen("draw pen", True))
        await case.viewer.line(CHOSEN)
        await case.agent.boards[0].send(Standing(Where.OFF))
        await case.viewer.line(OFF)
        await case.viewer.entry("draw pen", on=False, enabled=False)
        await case.agent.boards[0].send(Standing(Where.DESKTOP))
        await case.viewer.entry("draw pen", on=False, enabled=True)

    await during(case, story, (DrawTools,))


async def test_withdrawn_there_is_nothing_to_draw_on_until_it_is_granted_again(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("draw pen", enabled=True)
        case.viewer.say(pipe.Chosen("draw pen", True))
        await case.viewer.line(CHOSEN)
        await case.agent.withdraw(Permission.VIEW)
        await case.viewer.entry("draw pen", on=False, enabled=False)
        await case.agent.grant(Permission.VIEW)
        await case.viewer.entry("draw pen", enabled=True)

    await during(case, story, (DrawTools,))


async def test_a_lost_link_begins_anew(case: Case) -> None:
    async def story() -> None:
        await case.viewer.entry("draw pen", enabled=True)
        await case.agent.cut()
        await case.agent.until(lambda: len(case.agent.boards) == 2)
        await case.viewer.entry("draw pen", enabled=True)
        boards = [message.said for message in case.viewer.sent if isinstance(message, pipe.Board)]
        assert boards[:3] == [Erase(ALL), Standing(Where.DESKTOP), Erase(ALL)]

    await during(case, story, (DrawTools,))


async def test_an_agent_that_cannot_draw_leaves_the_window_as_it_is(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = case.agent.admit

    async def without(spec: ChannelSpec[Any, Any]) -> None:
        if spec.name == "draw":
            raise UsageError("The customer's program does not have that feature.")
        await admit(spec)

    monkeypatch.setattr(case.agent, "admit", without)

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        await case.viewer.entry("draw pen", enabled=False)
        await case.viewer.entry("erase", enabled=False)

    await during(case, story, COMPANIONS)
