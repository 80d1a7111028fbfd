"""The queue in the workspace: a cursor, keys that act on what it stands on, and the details of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from rs_cli.features.files import State, Transfer
from rs_cli.state.book import Book
from rs_cli.tui.app import RsApp
from rs_cli.tui.desk import Case
from rs_cli.tui.panels.transfers import Queue, TransfersPanel, as_text
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.screens.transfer import TransferScreen
from rs_cli.tui.screens.transfer import as_text as details
from rs_relay.errors import DiskFull
from rs_relay.transfer.outcome import Outcome, Progress
from tests.support.technician import RELAY, FakeConnector, entry


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await pilot.pause(0.01)


def shown(app: RsApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@asynccontextmanager
async def queue(tmp_path: Path, names: str = "abc") -> AsyncIterator[tuple[RsApp, Pilot[None], Case]]:
    """A workspace with files that wait: the first for a link, the others for their turn."""
    book = Book(tmp_path / "sessions")
    book.add(entry())
    app = RsApp(RELAY, book, lambda _: FakeConnector(), 1)
    async with app.run_test(size=(110, 50), notifications=True) as pilot:
        await until(pilot, lambda: "connected" in shown(app))
        case = app.desk.cases[1]
        for name in names:
            (tmp_path / name).write_text(name)
            case.files.start_send([str(tmp_path / name)])
        yield app, pilot, case


def labels(transfers: list[Transfer]) -> str:
    return "".join(transfer.label for transfer in transfers)


async def test_the_keys_act_on_what_the_cursor_stands_on(tmp_path: Path) -> None:
    async with queue(tmp_path) as (app, pilot, case):
        files = case.files
        a, b, c = files.transfers
        await until(pilot, lambda: "waiting for the connection" in shown(app) and "in the queue" in shown(app))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.focused, Queue))
        assert "space Pause" in shown(app)
        await pilot.press("down", "space")
        await until(pilot, lambda: "paused" in shown(app))
        assert [t.state for t in (a, b, c)] == [State.WAITING, State.PAUSED, State.QUEUED]
        await pilot.press("plus")
        await until(pilot, lambda: labels(files.queue) == "acb")
        await pilot.press("asterisk")  # the cursor has gone with it
        await until(pilot, lambda: labels(files.queue) == "bac")
        await pilot.press("space")
        await until(pilot, lambda: b.state is State.QUEUED)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"fast", "enter")
        await until(pilot, lambda: "is no rate" in shown(app))
        await pilot.press(*["backspace"] * 4, *"500k", "enter")
        await until(pilot, lambda: b.limit == 500_000)
        await pilot.press("x")
        await until(pilot, lambda: b.state is State.CANCELLED and labels(files.queue) == "ac")
        await until(pilot, lambda: "cancelled" in shown(app))


async def test_what_failed_is_done_again_and_what_did_not_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with queue(tmp_path, "a") as (app, pilot, case):
        again: list[Transfer] = []
        await case.files.cancel(case.files.transfers[0])
        await until(pilot, lambda: "cancelled" in shown(app))
        monkeypatch.setattr(case, "_transfer", again.append)
        await pilot.press("t", "r")
        await until(pilot, lambda: labels(case.files.queue) == "a")
        assert again == case.files.transfers
        await pilot.press("r")
        await until(pilot, lambda: "Only what failed" in shown(app))


async def test_enter_tells_everything_and_which_files_failed(tmp_path: Path) -> None:
    async with queue(tmp_path, "a") as (app, pilot, case):
        (transfer,) = case.files.transfers
        for number in range(300):
            transfer.told(Outcome(f"\x1b[2J{number}", error=DiskFull("The disk is full.")))
        await pilot.press("t", "enter")
        await until(pilot, lambda: isinstance(app.screen, TransferScreen))
        assert r"✗ \x1b[2J0: The disk is full." in shown(app)
        transfer.limit = 1000
        case.changed()
        await until(pilot, lambda: "1.0 kB/s" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, TransferScreen))
        assert "… and 100 more" in details(transfer).plain


async def test_an_empty_queue_says_what_to_do(tmp_path: Path) -> None:
    async with queue(tmp_path, "") as (app, pilot, _):
        await until(pilot, lambda: "f: send a file or folder" in shown(app))
        await pilot.press("t", "x")
        assert not isinstance(app.focused, Queue)
        assert app.screen.query_one(TransfersPanel).is_mounted


async def test_how_each_state_looks(tmp_path: Path) -> None:
    class Machine:
        finished, aborted = False, None
        progress = Progress("x", 500_000, 2_000_000, 0, 3)

    async with queue(tmp_path, "a") as (_, _, case):
        (transfer,) = case.files.transfers
        transfer._machine = Machine()  # type: ignore[assignment]
        transfer.speed.rate = 300_000.0
        looks = {}
        for state in State:
            transfer.state = state
            looks[state] = as_text(transfer).plain.splitlines()[1].strip()
        transfer.state = State.CANCELLED
    assert looks[State.MOVING] == "━━━━━━━━━━━━ 25% 300 kB/s 5 s"
    assert looks[State.PAUSED] == "paused, 0.5 of 2.0 MB"
    assert looks[State.DONE] == "done, 500.0 kB"
    assert looks[State.FAILED] == "failed: 0 of 0 files"
