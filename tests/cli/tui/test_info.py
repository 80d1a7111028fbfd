"""The computer and its programs in the dashboard, with the agent's own features answering for a computer in memory."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import DataTable

from rs_agent.feature import Context
from rs_agent.features.manage import Manage
from rs_agent.features.sysinfo import Sysinfo
from rs_cli.state.book import Book
from rs_cli.tui.screens import info
from rs_relay.channels.consent import Grant
from tests.cli.tui.test_dashboard_and_workspace import LARGE, SMALL, book, network, shown, until, workspace
from tests.support.channels import MemoryChannel
from tests.support.customer import FakeDesktop, FakeFace
from tests.support.machines import FakeMachine
from tests.support.technician import FakeAgent, FakeConnector, FakeLink

__all__ = ["book", "network"]


class InfoAgent(FakeAgent):
    def __init__(self) -> None:
        super().__init__()
        self.context = Context(FakeDesktop(), FakeFace(), Path(), "alice")
        self.open: list[str] = []

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        made = {"sysinfo": Sysinfo, "manage": Manage}.get(name)
        if made is None:
            await super().serve(name, channel, link)
            return
        self.open.append(name)
        try:
            await made(self.context, FakeMachine()).run(channel)
        finally:
            self.open.remove(name)


@pytest.fixture
def agent(network: FakeConnector) -> InfoAgent:
    network.agent = InfoAgent()
    return network.agent


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "98765"]) as process:
        yield process
        process.kill()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "EVERY", 0.3)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_looked_at_and_left(book: Book, network: FakeConnector, agent: InfoAgent, size: tuple[int, int]) -> None:
    async with workspace(book, network, size) as (app, pilot):
        await pilot.press("i")
        await until(pilot, lambda: "Test 1" in shown(app) and "PID" in shown(app))
        table = app.screen.query_one(DataTable)
        assert table.row_count > 2
        assert table.size.height >= 4
        await pilot.press("s")
        assert str(table.border_subtitle).endswith("by memory")
        await pilot.press("escape")
        await until(pilot, lambda: agent.open == [])
        assert "write to the customer" in shown(app)


async def test_a_program_is_ended_after_a_question(
    book: Book,
    network: FakeConnector,
    agent: InfoAgent,
    sleeper: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(info, "EVERY", 0.3)
    async with workspace(book, network, LARGE) as (app, pilot):
        await pilot.press("i")
        screen = app.screen
        await until(pilot, lambda: any(p.pid == sleeper.pid for p in screen._found))
        table = screen.query_one(DataTable)
        key = next(key for key, process in screen._rows.items() if process.pid == sleeper.pid)
        table.move_cursor(row=table.get_row_index(key))
        await pilot.press("k")
        await until(pilot, lambda: f"End sleep ({sleeper.pid})" in shown(app))
        await pilot.press("n")
        assert sleeper.poll() is None
        await until(pilot, lambda: app.screen is screen)
        table.move_cursor(row=table.get_row_index(key))
        await pilot.press("k")
        await until(pilot, lambda: f"End sleep ({sleeper.pid})" in shown(app))
        await pilot.press("y")
        assert await asyncio.to_thread(sleeper.wait, 10) == -15


async def test_a_refusal_is_told(book: Book, network: FakeConnector, agent: InfoAgent) -> None:
    agent.answer = lambda p: Grant.REFUSED
    async with workspace(book, network) as (app, pilot):
        await pilot.press("i")
        await until(pilot, lambda: "has not allowed" in shown(app))
        await pilot.press("k")  # nothing is chosen, and nothing happens
        await pilot.press("escape")
        assert "write to the customer" in shown(app)
