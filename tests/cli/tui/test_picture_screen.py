"""The preview in the workspace, with an agent made of memory: asked for, shown in half blocks, paused when covered."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Static

from rs_cli.state.book import Book
from rs_cli.terminal.picture import Terminal, Way
from rs_cli.tui.panels.screen import ScreenPanel
from rs_cli.tui.widgets import picture
from rs_cli.tui.widgets.picture import PictureView
from rs_relay.channels.consent import Grant
from rs_relay.channels.screen.messages import Painted, Pause, Resume, Start, Tune
from rs_relay.errors import RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.cli.tui.test_dashboard_and_workspace import LARGE, SMALL, book, network, shown, until, workspace
from tests.support.channels import MemoryChannel
from tests.support.pictures import Painter
from tests.support.recordings import sheet
from tests.support.technician import FakeAgent, FakeConnector, FakeLink

__all__ = ["book", "network"]


class ScreenAgent(FakeAgent):
    """Shows one picture, and keeps what it hears on screen channels."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name != "screen":
            await super().serve(name, channel, link)
            return
        try:
            async for said in channel:
                self.heard.append(said)
                if isinstance(said, Start):
                    painter = Painter(640, 400)
                    await channel.send(painter.layout)
                    for frame in painter.frames(sheet(640, 400)):
                        await channel.send(frame)
            self.heard.append("closed")
        except (ChannelClosed, RsError):
            return


@pytest.fixture
def agent(network: FakeConnector) -> ScreenAgent:
    network.agent = ScreenAgent()
    return network.agent


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_it_is_looked_at_only_while_it_is_wanted(
    book: Book, network: FakeConnector, agent: ScreenAgent, size: tuple[int, int]
) -> None:
    async with workspace(book, network, size) as (app, pilot):
        assert "w: look" in shown(app)
        assert agent.heard == []
        await pilot.press("w")
        await until(pilot, lambda: shown(app).count("▀") > 100)
        assert agent.grants[Permission.VIEW] is Grant.GRANTED
        await until(pilot, lambda: agent.heard[1:] == [Painted(1), Tune(rate=1)])
        panel = app.screen.query_one(ScreenPanel)
        view = panel.query_one(PictureView)
        assert view.size.height >= 4
        lines = [line for line in shown(app).splitlines() if "▀" in line]
        assert len(lines) <= view.size.height
        assert "write to the customer" in shown(app)  # the chat has its room
        await pilot.press("f1")
        await until(pilot, lambda: Pause() in agent.heard)
        await pilot.press("escape")
        await until(pilot, lambda: Resume() in agent.heard)
        await pilot.press("w")
        await until(pilot, lambda: "▀" not in shown(app) and "w: look" in shown(app))
        await until(pilot, lambda: agent.heard[-1] == "closed")


async def test_leaving_the_workspace_ends_it(book: Book, network: FakeConnector, agent: ScreenAgent) -> None:
    async with workspace(book, network) as (app, pilot):
        await pilot.press("w")
        await until(pilot, lambda: "▀" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: agent.heard[-1] == "closed")
        assert app.desk.cases[1].preview is None


async def test_a_refusal_is_told_and_leaves_the_panel_as_it_was(
    book: Book, network: FakeConnector, agent: ScreenAgent
) -> None:
    agent.answer = lambda p: Grant.REFUSED
    async with workspace(book, network) as (app, pilot):
        await pilot.press("w")
        await until(pilot, lambda: "has not allowed view" in shown(app))
        await until(pilot, lambda: "w: look" in shown(app))
        assert app.desk.cases[1].preview is None


@pytest.mark.parametrize(("way", "name"), [(Way.KITTY, "TGPImage"), (Way.SIXEL, "Image"), (Way.BLOCKS, "Static")])
def test_the_widget_of_each_way(way: Way, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_terminal", picture._terminal)
    picture.use(Terminal(way, (8, 16)))
    inner = PictureView()._inner
    assert type(inner).__name__ == name
    assert isinstance(inner, Static) == (way is Way.BLOCKS)
