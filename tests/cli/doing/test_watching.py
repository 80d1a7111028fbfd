"""What happens in sessions, as a stream: each event once, the end last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_cli import main
from rs_cli.command_line.answers import (
    WatchChat,
    WatchConnection,
    WatchEnded,
    WatchEvent,
    WatchPermissions,
    WatchTransfer,
)
from rs_cli.commands.watch import _words
from rs_cli.doing.watching import Watch
from rs_cli.session import dialled
from rs_cli.session.technician import open_session
from rs_cli.state.book import Book
from rs_cli.transfers.board import Board
from rs_cli.transfers.record import Failure, Order, Record, State
from rs_relay.channels.consent import Grant
from rs_relay.errors import NoSuchSession, SessionEnded
from rs_relay.link.spec import Permission
from tests.support.technician import FakeConnector, entry


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "config"))


async def following(watch: Watch) -> AsyncIterator[WatchEvent]:
    async with asyncio.timeout(20):
        async for event in watch.events():
            yield event


async def until(events: AsyncIterator[WatchEvent], kind: Any, **fields: Any) -> Any:
    """The next event of that kind with those values."""
    async for event in events:
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
            return event
    raise AssertionError(f"no {kind.__name__} {fields}")


def over(network: FakeConnector, number: int | None) -> Watch:
    return Watch(number, 10.0, partial(open_session, connector=network))


async def test_a_session_from_its_link_to_its_end() -> None:
    Book().add(entry())
    network = FakeConnector()
    watch = over(network, 1)
    events = following(watch)
    await until(events, WatchConnection, state="connecting")
    await until(events, WatchConnection, state="open")
    await until(events, WatchPermissions)
    await network.agent.say("Hello?")
    said = await until(events, WatchChat)
    assert (said.session, said.who, said.name, said.text) == (1, "customer", "Maria", "Hello?")
    network.agent.grants[Permission.FILES] = Grant.GRANTED
    await network.agent.tell()
    await network.agent.tell()  # nothing new: not told
    assert (await until(events, WatchPermissions)).permissions["files"] == "granted"
    await network.agent.cut()
    assert isinstance(await anext(events), WatchConnection)
    await until(events, WatchConnection, state="open")
    await network.agent.leave("You ended it.")
    ended = await until(events, WatchEnded)
    assert ended.code == "session-ended"
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    assert isinstance(watch.ends[1], SessionEnded)


async def test_all_sessions_and_those_that_are_joined_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rs_cli.doing.watching.LOOK", 0.05)
    Book().add(entry())
    network = FakeConnector()
    events = following(over(network, None))
    await until(events, WatchConnection, state="open", session=1)
    Book().add(entry())
    await until(events, WatchConnection, state="open", session=2)
    await network.agent.leave("Bye.")
    assert {(await until(events, WatchEnded)).session for _ in range(2)} == {1, 2}


async def test_none_to_watch() -> None:
    watch = over(FakeConnector(), None)
    with pytest.raises(NoSuchSession):
        await anext(watch.events())
    watch = over(FakeConnector(), 7)
    assert (await anext(watch.events())).code == "not-found"


def test_the_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    network = FakeConnector()
    monkeypatch.setattr(dialled, "connector_for", lambda relay: network)
    Book().add(entry())
    told = network.agent.tell

    async def tell_and_leave() -> None:
        await told()
        await network.agent.leave("Bye.")

    network.agent.tell = tell_and_leave  # type: ignore[method-assign]
    assert main.run(["watch", "1", "--json"]) == SessionEnded.exit_status
    events = [msgspec.convert(json.loads(line), WatchEvent) for line in capsys.readouterr().out.splitlines()]
    assert isinstance(events[0], WatchConnection)
    assert isinstance(events[-1], WatchEnded)
    assert main.run(["watch", "1"]) == SessionEnded.exit_status
    assert "[1] ended: " in capsys.readouterr().out


async def test_what_another_program_moved_is_told_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rs_cli.doing.watching.LOOK_MOVED", 0.02)
    Book().add(entry())
    other = Board()  # of another `rs`
    order = Order(False, ("/var/log/syslog",), "k")
    moving = Record(other.claim(), other.owner, 1, "Maria", order, "syslog", State.MOVING)
    elsewhere = msgspec.structs.replace(moving, id=other.claim(), session=2)
    network = FakeConnector()
    events = following(over(network, 1))
    await until(events, WatchConnection, state="open")
    for record in (moving, elsewhere):
        other.write(record)
        other.write(msgspec.structs.replace(record, state=State.DONE, done=5, files=1, ended=7e9))
    told = await until(events, WatchTransfer)
    assert (told.id, told.direction, told.label, told.state, told.bytes) == (moving.id, "get", "syslog", "done", 5)
    other.write(moving)
    await asyncio.sleep(0.1)  # so that it has been seen to move
    await network.agent.leave("Bye.")
    wrong = Failure("syslog", "session-ended", "Over.")
    other.write(msgspec.structs.replace(moving, state=State.FAILED, error=wrong, ended=7e9 + 1))
    left = [event async for event in events if isinstance(event, WatchTransfer | WatchEnded)]
    assert [type(event) for event in left] == [WatchTransfer, WatchEnded]
    assert isinstance(left[0], WatchTransfer)
    assert left[0].why == "Over."


def test_a_transfer_in_words() -> None:
    event = WatchTransfer(0.0, 3, 1, "send", "logs\x1b[2J", "done", 3_100_000, 14, 2, 0, "")
    assert _words(event) == r"sent: logs\x1b[2J (14 files, 3.1 MB); 2 skipped"
    short = msgspec.structs.replace(event, label="a", state="failed", files=1, failed=1, why="The disk is full.")
    assert _words(short) == "not all sent: a (3.1 MB; 1 failed): The disk is full."
    cut = msgspec.structs.replace(event, label="a", direction="get", state="cancelled", files=0)
    assert _words(cut) == "not fetched: a (cancelled after 3.1 MB)"
