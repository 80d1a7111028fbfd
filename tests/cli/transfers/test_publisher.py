"""What one program moves is seen by others, and what they ask is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rs_cli.transfers.board import Ask, Board
from rs_cli.transfers.publisher import published
from rs_cli.transfers.record import Record, State
from rs_relay.errors import TransferFailed
from tests.support.files import Pair, pair


@pytest.fixture
async def p(tmp_path: Path) -> AsyncIterator[Pair]:
    """Both ends, and three things to fetch; the technician's transfers are published below `tmp_path`."""
    async with pair(tmp_path) as made:
        for name in "abc":
            (made.home / name).write_bytes(name.encode() * 3_000_000)
        async with published(made.technician, 3, "Maria", Board(tmp_path / "board")):
            yield made


def others(tmp_path: Path) -> Board:
    return Board(tmp_path / "board")


async def seen(board: Board, state: State, number: int = 1) -> Record:
    async with asyncio.timeout(20):
        while True:
            for record in board.records():
                if (record.id, record.state) == (number, state):
                    return record
            await asyncio.sleep(0.02)


async def ask(board: Board, number: int, what: str, rate: int = 0) -> Record:
    return await asyncio.to_thread(board.ask, number, Ask(what, rate))


async def test_a_transfer_is_paused_limited_and_let_go_by_another_program(p: Pair, tmp_path: Path) -> None:
    board, files = others(tmp_path), p.technician
    a = files.start_get("a", p.desk, limit=100_000)
    b = files.start_get("b", p.desk)
    record = await seen(board, State.MOVING)
    assert (record.session, record.customer, record.label, record.limit) == (3, "Maria", "a", 100_000)
    assert (await ask(board, 1, "pause")).state is State.PAUSED
    await b.ended  # it had the turn meanwhile
    done = (await seen(board, State.PAUSED)).done
    assert done < 3_000_000
    assert (await ask(board, 1, "limit", -1)).limit == -1
    await ask(board, 1, "resume")
    await a.ended
    record = await seen(board, State.DONE)
    assert record.order.paths == ()
    assert (p.desk / "a").stat().st_size == 3_000_000


async def test_the_order_is_changed_and_one_is_cancelled_and_done_again(p: Pair, tmp_path: Path) -> None:
    board, files = others(tmp_path), p.technician
    a, b, c = (files.start_get(name, p.desk, limit=100_000) for name in "abc")
    await seen(board, State.MOVING)
    await ask(board, 3, "first")
    assert files.queue == [c, a, b]
    await ask(board, 3, "down")
    await ask(board, 2, "up")
    assert files.queue == [a, b, c]
    assert (await ask(board, 1, "cancel")).state is State.CANCELLED
    with pytest.raises(TransferFailed):
        await a.ended
    assert (await ask(board, 1, "retry")).state is not State.CANCELLED
    again = files.transfers[0]
    assert (again.id, again.label) == (1, "a")
    for transfer in files.queue:
        files.set_limit(transfer, -1)
    for transfer in list(files.queue):
        await transfer.ended
    assert {path.name for path in p.desk.iterdir()} == {"a", "b", "c"}
    assert board.get(1).state is not State.CANCELLED


async def test_several_that_were_named_are_not_sent_twice_after_a_kill(p: Pair, tmp_path: Path) -> None:
    board, files = others(tmp_path), p.technician
    (p.desk / "small").write_text("x")
    (p.desk / "large").write_bytes(bytes(range(256)) * 4000)
    transfer = files.start_send([str(p.desk / "small"), str(p.desk / "large")], limit=200_000)
    async with asyncio.timeout(20):
        while [record.order.paths for record in board.records()] != [(str(p.desk / "large"),)]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await files.cancel(transfer)
    while "2 files and folders did not arrive whole." not in p.face.notices:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    (await files.retry(transfer).ended).check()
    assert {path.name for path in p.inbox.iterdir()} == {"small", "large"}
