"""Each end of a transfer is told once, whoever moved it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rs_cli.transfers.board import Board
from rs_cli.transfers.endings import Endings
from rs_cli.transfers.record import Order, Record, State


def record(board: Board, state: State, session: int = 1) -> Record:
    order = Order(True, ("/home/t/a.txt",), "k")
    return Record(board.claim(), board.owner, session, "Maria", order, "a.txt", state, began=1.0)


def test_an_end_is_told_once_and_history_is_not(tmp_path: Path) -> None:
    board = Board(tmp_path)
    before = record(board, State.FAILED)
    board.write(before)
    endings = Endings(Board(tmp_path))
    assert endings.look() == []
    assert not endings.moves(1)
    moving = record(board, State.MOVING)
    board.write(moving)
    assert endings.look() == []
    assert endings.moves(1)
    assert not endings.moves(2)
    board.write(msgspec.structs.replace(moving, state=State.DONE, ended=5e9))
    assert [(r.id, r.state) for r in endings.look()] == [(moving.id, State.DONE)]
    assert endings.look() == []
    assert not endings.moves(1)


def test_what_is_done_again_has_another_end(tmp_path: Path) -> None:
    board = Board(tmp_path)
    failed = msgspec.structs.replace(record(board, State.FAILED), ended=5e9)
    board.write(failed)
    endings = Endings(Board(tmp_path))
    again = msgspec.structs.replace(failed, ended=5e9 + 1)  # began and ended between two looks
    board.write(again)
    assert endings.look() == [again]


def test_a_program_that_died_has_stopped_its_transfer(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.write(record(board, State.MOVING))
    endings = Endings(Board(tmp_path))
    board.close()
    assert [r.state for r in endings.look()] == [State.STOPPED]
    assert endings.look() == []
