"""The share turned round, from the window's menu: shown, seen to be shown, stopped by either side."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_cli.features.share import CLOSED, SHOWN, Share
from rs_cli.viewer import pipe
from rs_cli.viewing import COMPANIONS, view
from rs_cli.viewing.share import ASKED, STOPPED
from rs_relay.channels.consent import Grant
from rs_relay.channels.screen.messages import Frame, Painted, Start
from rs_relay.channels.screen.share import Closed
from rs_relay.errors import LocalProblem, NotAllowed
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.scenery import ArrayDesktop, page
from tests.support.technician import FakeLink
from tests.support.viewing import Case, ScreenAgent, during


class SharingAgent(ScreenAgent):
    """Looks at what is shown to it, once `window` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[MemoryChannel] = []
        self.frames = 0
        self.ended = 0
        self.window = asyncio.Event()
        self.window.set()

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name != "share":
            await super().serve(name, channel, link)
            return
        self.shares.append(channel)
        try:
            await self.window.wait()
            await channel.send(Start())
            async for said in channel:
                if isinstance(said, Frame) and not said.more:
                    await channel.send(Painted(said.seq))
                    await self._count()
        except (ChannelClosed, NotAllowed, LocalProblem):
            pass
        async with self.more:
            self.ended += 1
            self.more.notify_all()

    async def _count(self) -> None:
        async with self.more:
            self.frames += 1
            self.more.notify_all()


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    made = Case(tmp_path)
    made.agent = SharingAgent()
    desktop = ArrayDesktop(page(200, 300))
    monkeypatch.setattr("rs_cli.viewing.share.check_screen", lambda: None)
    monkeypatch.setattr(Share.__init__, "__defaults__", (-1, lambda on: None, desktop.screen))
    return made


async def begin(case: Case) -> Any:
    await case.viewer.line(view.CONTROLLING)
    case.viewer.say(pipe.Chosen("share", True))
    await case.viewer.line(ASKED)
    agent: Any = case.agent
    await agent.until(lambda: agent.frames > 0)
    return agent


async def test_it_is_shown_said_and_stopped_by_one_click(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "REMARK", 0.05)

    async def story() -> None:
        agent = await begin(case)
        await case.viewer.entry("share", on=True)
        await case.viewer.entry("unshare", tool=True)
        await case.viewer.line(SHOWN)  # once the remark is over, for as long as it lasts
        case.viewer.say(pipe.Chosen("unshare"))
        await agent.until(lambda: agent.ended == 1)  # the customer's end hears of it
        await case.viewer.entry("share", on=False)
        await case.viewer.line(STOPPED)
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("share", True))
        await agent.until(lambda: len(agent.shares) == 2)
        case.viewer.say(pipe.Chosen("share", False))
        await agent.until(lambda: agent.ended == 2)

    await during(case, story, COMPANIONS)


async def test_the_customer_closes_the_window(case: Case) -> None:
    async def story() -> None:
        agent = await begin(case)
        await agent.shares[0].send(Closed())
        await case.viewer.line(CLOSED)
        await case.viewer.entry("share", on=False)

    await during(case, story, COMPANIONS)


async def test_a_refusal_is_said_and_nothing_is_shown(case: Case) -> None:
    case.agent.answer = lambda p: Grant.REFUSED if p is Permission.SHARE else Grant.GRANTED

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("share", True))
        await case.viewer.line("The customer has not allowed share.")
        await case.viewer.entry("share", on=False)

    await during(case, story, COMPANIONS)


async def test_it_can_be_called_off_while_the_customer_thinks(case: Case) -> None:
    async def story() -> None:
        agent: Any = case.agent
        agent.window.clear()
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("share", True))
        await case.viewer.entry("share", on=True)
        await agent.until(lambda: True)
        case.viewer.say(pipe.Chosen("share", False))
        await case.viewer.entry("share", on=False)
        assert agent.frames == 0

    await during(case, story, COMPANIONS)


async def test_both_screens_are_seen_at_once_and_a_lost_link_brings_both_back(case: Case) -> None:
    async def story() -> None:
        agent = await begin(case)
        screens, frames = len(agent.screens), agent.frames
        await agent.cut()
        await case.viewer.line(view.LOST)
        await agent.until(lambda: agent.frames > frames and len(agent.screens) > screens)
        assert len(agent.shares) == 2
        await case.viewer.entry("share", on=True)

    await during(case, story, COMPANIONS)


async def test_the_windows_end_is_the_shares_end(case: Case) -> None:
    async def story() -> None:
        await begin(case)

    await during(case, story, COMPANIONS)
    agent: Any = case.agent
    async with asyncio.timeout(10):
        await agent.until(lambda: agent.ended == 1)
