"""How a verb moves files: one report of all of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_cli.doing import carrying
from rs_cli.doing.carrying import carry_out
from rs_cli.features.files import Files, Transfer
from rs_cli.transfers.board import Board
from rs_relay.errors import NoSuchSession, UsageError
from tests.support.files import OneSession


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OneSession:
    made = OneSession(tmp_path)
    monkeypatch.setattr(carrying, "reach", made)
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "home").mkdir()
    for name in "ab":
        (tmp_path / "home" / name).write_text(name)
    return made


def test_several_are_one_report_and_an_error_of_one_stops_no_other(session: OneSession, tmp_path: Path) -> None:
    names = ["a", "nothing", "b"]
    number, report = carry_out(3, lambda files: [files.start_get(name, tmp_path) for name in names], 5)
    assert (number, report.files, report.failures) == (3, 2, 1)
    assert sorted(o.name for o in report.arrived) == ["a", "b"]
    assert [record.state for record in Board().records()] == ["done", "failed", "done"]


def test_what_is_cancelled_and_done_again_meanwhile_is_waited_for(session: OneSession, tmp_path: Path) -> None:
    tasks: list[asyncio.Task[None]] = []

    def begin(files: Files) -> list[Transfer]:
        transfers = [files.start_get(name, tmp_path) for name in "ab"]

        async def again() -> None:  # as another terminal does
            await files.cancel(transfers[1])
            files.retry(transfers[1])

        tasks.append(asyncio.get_running_loop().create_task(again()))
        return transfers

    _, report = carry_out(3, begin, 5)
    assert (report.files, report.failures) == (2, 0)
    assert sorted(o.name for o in report.arrived) == ["a", "b"]


def test_of_the_only_one_the_error_itself_comes_out(session: OneSession, tmp_path: Path) -> None:
    with pytest.raises(NoSuchSession):
        carry_out(3, lambda files: [files.start_get("nothing", tmp_path)], 5)


def test_what_cannot_be_begun_calls_nobody(session: OneSession) -> None:
    with pytest.raises(UsageError):
        carry_out(3, lambda files: [files.start_send(["no such file"])], 5)
    assert session.asked == []
