"""The folder in which programs tell each other what they move."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_cli.transfers import board as module
from rs_cli.transfers.board import CLAIM, KEPT, LATELY, Ask, Board
from rs_cli.transfers.record import Order, Record, State
from rs_relay.errors import NoSuchSession, Unreachable


class Clock:
    now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(folder: Path, clock: Clock) -> Board:
    return Board(folder / "transfers", clock)


def record(board: Board, number: int, state: State = State.MOVING, **changes: Any) -> Record:
    order = Order(True, ("/home/t/secret.txt",), "k")
    return Record(number, board.owner, 1, "Maria", order, "secret.txt", state, **changes)


def test_what_one_writes_the_other_reads(tmp_path: Path, clock: Clock) -> None:
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    numbers = [one.claim(), two.claim(), one.claim()]
    assert numbers == [1, 2, 3]
    one.write(record(one, 1, began=clock.now))
    assert [r.id for r in two.records()] == [1]  # a number without a record is nothing yet
    assert two.get(1) == one.get(1)
    assert two.lives(two.get(1))
    with pytest.raises(NoSuchSession):
        two.get(9)


def test_nobody_else_may_read(tmp_path: Path, clock: Clock) -> None:
    board = made(tmp_path, clock)
    board.write(record(board, board.claim()))
    folder = tmp_path / "transfers"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_moved_when_its_program_went_has_stopped(tmp_path: Path, clock: Clock) -> None:
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    one.write(record(one, one.claim(), began=clock.now, rate=5.0, place=1))
    one.close()
    (left,) = two.records()
    assert (left.state, left.rate, left.place) == (State.STOPPED, 0.0, 0)
    with pytest.raises(Unreachable, match="has ended"):
        two.ask(1, Ask("pause"))


@pytest.mark.parametrize(
    ("state", "kept"), [(State.DONE, LATELY), (State.FAILED, KEPT), (State.CANCELLED, KEPT), (State.MOVING, KEPT)]
)
def test_records_are_forgotten(tmp_path: Path, clock: Clock, state: State, kept: float) -> None:
    board = made(tmp_path, clock)
    board.write(record(board, board.claim(), state, began=clock.now))
    board.close()
    other = made(tmp_path, clock)
    clock.now += kept - 1
    assert len(other.records()) == 1
    clock.now += 2
    assert other.records() == []
    assert list((tmp_path / "transfers").iterdir()) == []


def test_an_ask_is_done_by_who_moves_it(tmp_path: Path, clock: Clock) -> None:
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    one.write(record(one, one.claim()))

    def obey() -> None:
        while not (found := one.asked()):
            pass
        ((number, ask, path),) = found
        assert (number, ask) == (1, Ask("limit", 5000))
        one.write(msgspec.structs.replace(one.get(1), limit=ask.rate))
        path.unlink()

    thread = threading.Thread(target=obey)
    thread.start()
    assert two.ask(1, Ask("limit", 5000)).limit == 5000
    thread.join()


def test_a_program_that_does_not_answer_is_told_and_the_ask_taken_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    one, two = made(tmp_path, clock), made(tmp_path, clock)
    one.write(record(one, one.claim()))
    with pytest.raises(Unreachable, match="does not answer"):
        two.ask(1, Ask("pause"))
    assert one.asked() == []


def test_what_is_not_ours_is_passed_over(tmp_path: Path, clock: Clock) -> None:
    board = made(tmp_path, clock)
    folder = tmp_path / "transfers"
    for name in ("1.transfer", "1.x.ask", "x.transfer", "x.y.ask", "z.program"):
        (folder / name).write_bytes(b"{}")
        (folder / name).chmod(0o600)
    assert board.records() == []
    assert board.asked() == []
    assert board.claim() == 2


def test_litter_of_programs_that_were_killed_is_swept(tmp_path: Path, clock: Clock) -> None:
    board = made(tmp_path, clock)
    board.write(record(board, board.claim(), began=clock.now))
    folder = tmp_path / "transfers"
    for name in ("9.transfer", "9.x.ask", "z.program"):
        (folder / name).touch(0o600)
    for path in folder.iterdir():
        os.utime(path, (clock.now - CLAIM - 1,) * 2)
    board.records()
    assert {path.suffix for path in folder.iterdir()} == {".transfer", ".program"}
    assert board.lives(board.get(1))
