"""One window on one session, with a viewer and an agent made of memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_cli.viewer import pipe
from rs_cli.viewing import view as viewing
from rs_relay.channels import consent
from rs_relay.channels.consent import Grant
from rs_relay.channels.control.messages import Key, Move, Type
from rs_relay.channels.screen.messages import Choose, Frame, Layout, Painted, Refresh, Start
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, SessionEnded
from rs_relay.link.spec import ChannelSpec, Permission
from tests.support.viewing import Case, during


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


async def test_a_picture_and_hands(case: Case) -> None:
    async def story() -> None:
        status = await case.viewer.line(viewing.CONTROLLING)
        assert (status.connected, status.controlling) == (True, True)
        case.viewer.say(pipe.Hands(Move(1, 2)), pipe.Hands(Type("é")), Choose(1), Refresh())
        await case.agent.until(lambda: Type("é") in case.agent.heard and Refresh() in case.agent.heard)
        assert Start(-1, ("jpeg",)) in case.agent.heard
        assert Painted(1) in case.agent.heard
        assert Choose(1) in case.agent.heard

    await during(case, story)
    assert case.viewer.sent[0] == pipe.Title("1 · Maria's PC — rs")
    assert [m for m in case.viewer.sent if isinstance(m, Layout | Frame)] == [Layout(1, 0, 0, 32, 32), Frame(1, 1)]


async def test_the_picture_waits_for_no_word_of_what_is_allowed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    admit, told = case.agent.admit, asyncio.Event()

    async def slowly(spec: ChannelSpec[Any, Any]) -> None:
        if spec is consent.SPEC:
            await told.wait()
        await admit(spec)

    monkeypatch.setattr(case.agent, "admit", slowly)

    async def story() -> None:
        await case.agent.until(lambda: Painted(1) in case.agent.heard)
        told.set()
        async with case.viewer.more:
            await case.viewer.more.wait_for(lambda: case.viewer.status and "view" in case.viewer.status.granted)

    await during(case, story)


async def test_control_refused_is_view_only_and_input_says_why(case: Case) -> None:
    case.agent.answer = lambda p: Grant.REFUSED if p is Permission.CONTROL else Grant.GRANTED

    async def story() -> None:
        status = await case.viewer.line(viewing.VIEW_ONLY)
        assert not status.controlling
        assert "control" not in status.granted
        case.viewer.say(*[pipe.Hands(Key("f5", True))] * 5)
        await case.viewer.line(viewing.NO_EFFECT)
        await case.agent.grant(Permission.CONTROL)  # the customer thinks better of it
        await case.viewer.line(viewing.CONTROLLING)
        case.viewer.say(pipe.Hands(Type("x")))
        await case.agent.until(lambda: Type("x") in case.agent.heard)

    await during(case, story)
    assert Key("f5", True) not in case.agent.heard


async def test_control_that_is_withdrawn_and_given_back(case: Case) -> None:
    async def story() -> None:
        await case.viewer.line(viewing.CONTROLLING)
        await case.agent.withdraw(Permission.CONTROL)
        assert not (await case.viewer.line(viewing.VIEW_ONLY)).controlling
        await case.agent.grant(Permission.CONTROL)
        await case.viewer.line(viewing.CONTROLLING)

    await during(case, story)


async def test_view_only_does_not_ask(case: Case) -> None:
    asked: list[Permission] = []
    case.agent.answer = lambda p: asked.append(p) or Grant.GRANTED  # type: ignore[func-returns-value]

    async def story() -> None:
        await case.viewer.line(viewing.CHOSEN)

    await during(case, story, view_only=True)
    assert asked == [Permission.VIEW]


async def test_a_view_that_is_refused_ends_it(case: Case) -> None:
    case.agent.answer = lambda p: Grant.REFUSED

    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NotAllowed):
        await during(case, story)


async def test_a_view_that_is_withdrawn_leaves_the_window_and_goes_on_when_given_back(case: Case) -> None:
    async def story() -> None:
        await case.viewer.line(viewing.CONTROLLING)
        await case.agent.withdraw(Permission.VIEW)
        assert not (await case.viewer.line(viewing.NOT_SHARED)).connected
        await case.agent.grant(Permission.VIEW)
        await case.agent.until(lambda: len(case.agent.screens) == 2)
        assert (await case.viewer.line(viewing.CONTROLLING)).connected

    await during(case, story)


async def test_a_lost_link_is_shown_and_the_picture_comes_anew(case: Case) -> None:
    async def story() -> None:
        await case.viewer.line(viewing.CONTROLLING)
        await case.agent.cut()
        case.viewer.say(pipe.Hands(Type("lost")))
        assert not (await case.viewer.line(viewing.LOST)).connected
        await case.agent.until(lambda: len(case.agent.screens) == 2 and len(case.agent.controls) == 2)
        await case.viewer.line(viewing.CONTROLLING)
        case.viewer.say(pipe.Hands(Type("x")))
        await case.agent.until(lambda: Type("x") in case.agent.heard)

    await during(case, story)
    assert len([m for m in case.viewer.sent if isinstance(m, Layout)]) == 2
    assert Type("lost") not in case.agent.heard
    assert viewing.NO_EFFECT not in [m.text for m in case.viewer.sent if isinstance(m, pipe.Status)]


async def test_the_customers_end_of_the_session_ends_it(case: Case) -> None:
    async def story() -> None:
        await case.viewer.line(viewing.CONTROLLING)
        await case.agent.leave("Thank you.")
        await asyncio.Event().wait()

    with pytest.raises(SessionEnded):
        await during(case, story)


@pytest.mark.parametrize(
    ("said", "error"),
    [(None, LocalProblem), (pipe.Cannot("peer-broke", "The picture makes no sense."), PeerBroke)],
)
async def test_a_viewer_that_dies_does_not_end_the_session(case: Case, said: Any, error: type[RsError]) -> None:
    async def story() -> None:
        await case.viewer.line(viewing.CONTROLLING)
        case.viewer.say(said)
        await asyncio.Event().wait()

    with pytest.raises(error):
        await during(case, story)
    assert case.agent.goodbyes == []
    assert not case.book.pick(1).ended  # type: ignore[attr-defined]
