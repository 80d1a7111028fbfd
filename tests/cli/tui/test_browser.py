"""The customer's folders in the dashboard, as a person uses them: keys in, the screen's text and the files out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rs_cli.state.book import Book
from rs_cli.tui.app import RsApp
from rs_cli.tui.screens.browser import Browser
from rs_cli.tui.widgets.things import Things
from tests.support.folders import serve
from tests.support.technician import RELAY, FakeConnector, entry


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    home = tmp_path / "home"
    (home / "docs" / "sub").mkdir(parents=True)
    (home / "docs" / "report.pdf").write_bytes(b"x" * 5000)
    (home / "docs" / "evil\x1b[2J[bold]").touch()
    (home / ".ssh").mkdir()
    return home


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await pilot.pause(0.01)


def shown(app: RsApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@asynccontextmanager
async def browser(tmp_path: Path, home: Path) -> AsyncIterator[tuple[RsApp, Pilot[None]]]:
    book = Book(tmp_path / "sessions")
    book.add(entry())
    network = FakeConnector()
    before = network.agent.serve

    async def also_folders(name: str, channel: Any, link: Any) -> None:
        await (serve(home, channel) if name == "folders" else before(name, channel, link))

    network.agent.serve = also_folders  # type: ignore[method-assign]
    app = RsApp(RELAY, book, lambda _: network, 1)
    async with app.run_test(size=(90, 24), notifications=True) as pilot:
        await until(pilot, lambda: "connected" in shown(app))
        await pilot.press("o")
        await until(pilot, lambda: "docs/" in shown(app))
        yield app, pilot


async def test_in_and_out_of_folders(tmp_path: Path, home: Path) -> None:
    async with browser(tmp_path, home) as (app, pilot):
        assert ".ssh" not in shown(app)
        assert "1 hidden" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "report.pdf" in shown(app))
        text = shown(app)
        assert r"evil\x1b[2J[bold]" in text
        assert text.index("sub/") < text.index("report.pdf")
        assert "4.9K" in text
        await pilot.press("backspace")
        await until(pilot, lambda: "report.pdf" not in shown(app))
        await pilot.press("backspace")
        await until(pilot, lambda: "rs sessions ask 1" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(app.screen, Browser))


async def test_folders_are_put_in_order(tmp_path: Path, home: Path) -> None:
    async with browser(tmp_path, home) as (app, pilot):
        await pilot.press("n", *"new", "enter")
        await until(pilot, lambda: "new/" in shown(app))
        assert (home / "new").is_dir()
        await pilot.press("r", *"other", "enter")
        await until(pilot, lambda: "other/" in shown(app))
        await pilot.press("x", "n")
        assert (home / "other").is_dir()
        await pilot.press("x", "y")
        await until(pilot, lambda: "other/" not in shown(app))
        assert not (home / "other").exists()
        await pilot.press("n", *"a/b", "enter")
        await until(pilot, lambda: "A name, without" in shown(app))
        assert not (home / "a").exists()


async def test_what_is_chosen_is_fetched_and_sent(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with browser(tmp_path, home) as (app, pilot):
        case = app.desk.cases[1]
        asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(case, "fetch", lambda path: asked.append(("get", path)))
        monkeypatch.setattr(case, "send", lambda path, at: asked.append(("send", path, at)))
        await pilot.press("g")
        await pilot.press("f", *str(home), "enter")
        await until(pilot, lambda: len(asked) == 2)
        assert asked == [("get", str(home / "docs")), ("send", str(home), str(home))]


async def test_ten_thousand_files_are_as_quick_as_ten(tmp_path: Path, home: Path) -> None:
    (home / "docs" / "sub" / "many").mkdir()
    for n in range(10_000):
        (home / "docs" / "sub" / "many" / f"file {n:05}").touch()
    async with browser(tmp_path, home) as (app, pilot):
        await pilot.press("o", *"docs/sub/many", "enter")
        await until(pilot, lambda: "10000 shown" in shown(app))
        things = app.screen.query_one(Things)
        made = []
        render = things.render_line
        things.render_line = lambda y: (made.append(y), render(y))[1]  # type: ignore[method-assign, func-returns-value]
        await pilot.press("end")
        await until(pilot, lambda: "file 09999" in shown(app))
        assert len(made) < 200
        await pilot.press("home", "pagedown", "down", "up")
        await until(pilot, lambda: "file 09999" not in shown(app))
        assert things.cursor > 5
