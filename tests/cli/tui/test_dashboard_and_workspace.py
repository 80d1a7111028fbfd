"""The dashboard as a person uses it: keys and clicks in, the screen's text out, with an agent made of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Digits, Input, Static

from rs_cli.features.share import Share
from rs_cli.state.book import Book
from rs_cli.tui import programs
from rs_cli.tui.app import RsApp
from rs_cli.tui.panels.permissions import Row
from rs_cli.tui.panels.transfers import TransfersPanel
from rs_cli.tui.screens.confirm import Confirm
from rs_cli.tui.screens.dashboard import Dashboard
from rs_cli.tui.screens.help import Help
from rs_cli.tui.screens.new_session import NewSession
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.screens.workspace import Workspace
from rs_relay.channels.clips import Format, Item, Offered
from rs_relay.channels.consent import Grant
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission
from rs_relay.wire.messages import Customer
from tests.support.technician import RELAY, FakeConnector, entry

SMALL, LARGE = (80, 24), (200, 60)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path / "sessions")
    book.add(entry(customer="Maria's PC"))
    return book


@pytest.fixture
def network() -> FakeConnector:
    return FakeConnector()


@asynccontextmanager
async def dashboard(
    book: Book, network: FakeConnector, size: tuple[int, int] = SMALL, relay: str = RELAY, first: int | None = None
) -> AsyncIterator[tuple[RsApp, Pilot[None]]]:
    app = RsApp(relay, book, lambda _: network, first)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield app, pilot


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await pilot.pause(0.01)


def shown(app: RsApp) -> str:
    """The text on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_dashboard_lists_sessions_and_who_waits(
    book: Book, network: FakeConnector, size: tuple[int, int]
) -> None:
    network.customers = (Customer("482", "Büro [red]\x1b[1m", 75.0),)
    async with dashboard(book, network, size) as (app, pilot):
        await until(pilot, lambda: "online" in shown(app))
        text = shown(app)
        assert "Maria's PC" in text
        assert r"Büro [red]\x1b[1m" in text
        assert "482-…   1 min" in text


async def test_a_customers_name_is_never_markup(book: Book, network: FakeConnector) -> None:
    book.rename(1, "[bold]x[/]\x1b[2J\u202e")
    async with dashboard(book, network) as (app, _):
        assert r"[bold]x[/]\x1b[2J\u202e" in shown(app)


async def test_without_sessions_it_says_how_to_begin(tmp_path: Path, network: FakeConnector) -> None:
    async with dashboard(Book(tmp_path / "none"), network) as (app, _):
        assert "makes a code" in shown(app)


async def test_without_a_relay_it_says_what_to_do(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network, relay="") as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: "rs login" in shown(app))
        assert isinstance(app.screen, Dashboard)


async def test_a_relay_that_is_away_leaves_the_table(book: Book, network: FakeConnector) -> None:
    network.unreachable = True
    async with dashboard(book, network) as (app, pilot):
        await until(pilot, lambda: "unknown" in shown(app))
        assert "The relay cannot be reached" in shown(app)


async def test_enter_opens_the_workspace_and_q_comes_back(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Workspace))
        await until(pilot, lambda: "connected" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await until(pilot, lambda: "connected" in shown(app))  # the session goes on
        assert network.agent.links
    assert not network.agent.links  # until the dashboard is left
    assert book.get(1).is_open


@asynccontextmanager
async def workspace(
    book: Book, network: FakeConnector, size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[RsApp, Pilot[None]]]:
    async with dashboard(book, network, size, first=1) as (app, pilot):
        await until(pilot, lambda: "connected" in shown(app))
        await until(pilot, lambda: app.desk.cases[1].state is not None)
        yield app, pilot


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_chat_both_ways(book: Book, network: FakeConnector, size: tuple[int, int]) -> None:
    async with workspace(book, network, size) as (app, pilot):
        await network.agent.say("\x1b[2J [red]x[/]")
        await until(pilot, lambda: r"\x1b[2J [red]x[/]" in shown(app))
        await pilot.press("c", *"so v e", "enter")  # v and e are letters while one writes
        await until(pilot, lambda: "so v e" in shown(app))
        assert [line.text for line in network.agent.lines][-1] == "so v e"
        await pilot.press("escape")
        assert app.focused is None
        assert isinstance(app.screen, Workspace)


async def test_permissions_by_number_by_enter_and_by_click(book: Book, network: FakeConnector) -> None:
    network.agent.answer = lambda p: Grant.REFUSED if p is Permission.SHELL else Grant.GRANTED
    async with workspace(book, network) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: network.agent.grants[Permission.FILES] is Grant.GRANTED)
        await pilot.press("p", "down", "enter")
        await until(pilot, lambda: network.agent.grants[Permission.CONTROL] is Grant.GRANTED)
        row = next(row for row in app.screen.query(Row) if row.permission is Permission.SHELL)
        await pilot.click(row)
        await until(pilot, lambda: network.agent.grants[Permission.SHELL] is Grant.REFUSED)
        await until(pilot, lambda: "refused" in shown(app) and shown(app).count("allowed") >= 2)


async def test_the_clipboard_without_a_local_one_says_so(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "no clipboard" in shown(app))


async def test_a_picture_or_files_on_the_customers_clipboard_are_named_and_fetched_by_a_key(
    book: Book, network: FakeConnector
) -> None:
    network.agent.offered = Offered(2, True, (Item(Format.FILES, 0),), 2, 1, 3000)
    network.agent.paths = ("/home/maria/a",)
    async with workspace(book, network) as (app, pilot):
        case = app.desk.cases[1]
        case.offered = Offered(1, False, (Item(Format.IMAGE, 700),))
        case.changed()
        await until(pilot, lambda: "y: get a picture, 700 B" in shown(app))
        case.offered = network.agent.offered
        case.changed()
        await until(pilot, lambda: "y: get 2 files, a folder, 2.9 KiB" in shown(app))
        asked: list[str] = []
        case.fetch = asked.append  # type: ignore[method-assign]
        await pilot.press("y")
        await until(pilot, lambda: asked == ["/home/maria/a"])


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_ones_own_screen_is_shown_and_that_is_seen(
    book: Book, network: FakeConnector, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with workspace(book, network, size) as (app, pilot):
        assert isinstance(app.screen, Workspace)
        case = app.screen.case
        await until(pilot, lambda: "m: show it" in shown(app))
        case.share = Share()
        case.changed()
        await until(pilot, lambda: "waiting for the customer" in shown(app))
        case.share.seen = True
        case.changed()
        await until(pilot, lambda: "SHOWN TO THE CUSTOMER   m: stop" in shown(app))
        stopped: list[bool] = []
        monkeypatch.setattr(case, "show_mine", stopped.append)
        await pilot.press("m")
        assert stopped == [False]


async def test_a_refused_transfer_is_told(
    book: Book, network: FakeConnector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    network.agent.answer = lambda permission: Grant.REFUSED
    (tmp_path / "report.pdf").write_text("x")
    async with workspace(book, network) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        app.screen.query_one(Input).value = str(tmp_path / "report.pdf")
        await pilot.press("enter")
        await until(pilot, lambda: "has not allowed files" in shown(app))
        await until(pilot, lambda: "cancelled" in shown(app))


async def test_a_path_that_is_not_there_is_asked_again(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"/no/such", "enter")
        await until(pilot, lambda: "no such file" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Workspace))


async def test_ending_asks_first_and_enter_means_no(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Workspace))
        assert book.get(1).is_open
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not book.get(1).is_open)
        await until(pilot, lambda: "The session has ended" in shown(app))
    assert network.agent.goodbyes == [""]
    assert book.get(1).key == ""


async def test_the_customers_end_is_told_and_the_lost_link_too(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        network.unreachable = True
        await network.agent.cut()
        await until(pilot, lambda: "Trying again" in shown(app))
        network.unreachable = False
        await until(pilot, lambda: "● connected" in shown(app) and bool(network.agent._looks))
        await network.agent.leave("")
        await until(pilot, lambda: "The customer ended the session." in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Dashboard) and "ended" in shown(app))


async def test_a_code_is_shown_large_and_void_when_its_screen_is_closed(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSession))
        await until(pilot, lambda: app.screen.query_one(Digits).value == "482-915-733")
        assert "valid for" in shown(app)
        assert "/join#482-915-733" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: network.retired)


async def test_a_code_that_is_typed_opens_the_workspace(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewSession))
        network.typed.set()
        await until(pilot, lambda: isinstance(app.screen, Workspace))
        assert app.screen.case.entry.number == 2  # type: ignore[attr-defined]


async def test_joining_by_a_code(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        await pilot.press("j", *"12", "enter")
        await until(pilot, lambda: "not a support code" in shown(app))
        app.screen.query_one(Input).value = "111 222 333"
        await pilot.press("enter")
        await until(pilot, lambda: "The code is wrong." in shown(app))
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        app.screen.query_one(Input).value = "482 915 733"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Workspace))
        assert book.get(2).role == "joiner"


async def test_several_sessions_side_by_side(book: Book, network: FakeConnector) -> None:
    book.add(entry(customer="Second"))
    async with workspace(book, network) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        app.screen.query_one(DataTable).move_cursor(row=1)
        await pilot.press("enter")
        await until(pilot, lambda: "connected" in shown(app) and isinstance(app.screen, Workspace))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: isinstance(app.screen, Workspace) and app.screen.case.entry.number == 1)
        assert {number for number, case in app.desk.cases.items() if case.is_open} == {1, 2}


async def test_what_is_heard_while_the_program_ends_is_not_shown_any_more(
    book: Book, network: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of a screen go before the work that was begun for it."""
    asked, ending = asyncio.Event(), asyncio.Event()

    async def late() -> tuple[()]:
        asked.set()
        await ending.wait()
        return ()

    monkeypatch.setattr(network, "waiting", late)
    async with dashboard(book, network) as (app, pilot):
        await asyncio.wait_for(asked.wait(), 20)
        await app.screen.query("#brand").remove()
        app._running = False
        ending.set()
        await pilot.pause()


async def test_unread_lines_are_counted_on_the_dashboard(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await network.agent.say("are you there?")
        await until(pilot, lambda: app.desk.cases[1].unread == 1)
        table = app.screen.query_one(DataTable)
        await until(pilot, lambda: str(table.get_cell("1", "unread")) == "1")


async def test_other_programs_are_started_and_their_failure_told(
    book: Book, network: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_window(number: int) -> None:
        raise LocalProblem("There is no display here.", "")

    async def picture(number: int) -> str:
        return f"screen-{number}.png"

    monkeypatch.setattr(programs, "view", no_window)
    monkeypatch.setattr(programs, "screenshot", picture)
    async with workspace(book, network) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: "There is no display here." in shown(app))
        await pilot.press("s")
        await until(pilot, lambda: "screen-1.png" in shown(app))


async def test_help_opens_and_closes(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await pilot.press("f1", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_a_session_that_ended_meanwhile_cannot_be_opened(book: Book, network: FakeConnector) -> None:
    async with dashboard(book, network) as (app, pilot):
        book.end(1, "elsewhere")
        await pilot.press("enter")
        await until(pilot, lambda: "ended" in shown(app))
        assert isinstance(app.screen, Dashboard)


async def test_a_change_while_the_workspace_is_taken_down_is_not_drawn(book: Book, network: FakeConnector) -> None:
    async with workspace(book, network) as (app, pilot):
        panel = app.screen.query_one(TransfersPanel)
        await panel.query_one(Static).remove()  # the leaves go first
        panel.post_message(TransfersPanel.Redraw())
        await pilot.pause()
        assert app.is_running
