from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from rs_agent.copying import Copying
from rs_agent.desktop.base import Desktop
from tests.support.customer import until


class Board:
    """A desktop and its clipboard, which notes who calls it."""

    def __init__(self) -> None:
        self.opened = self.watching = self.stopped = self.closed = 0
        self.threads: set[int] = set()
        self.tell: Callable[[], None] = lambda: None

    def clipboard(self) -> Any:
        self.opened += 1
        return self

    def get(self) -> str:
        self.threads.add(threading.get_ident())
        return "text"

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        self.threads.add(threading.get_ident())
        self.watching, self.tell = self.watching + 1, changed
        return self._stop

    def _stop(self) -> None:
        self.stopped += 1

    def close(self) -> None:
        self.closed += 1

    def change(self) -> None:
        """As the desktop does it: from another thread."""
        told = threading.Thread(target=self.tell)
        told.start()
        told.join()


async def test_all_calls_come_from_one_thread_that_is_not_the_loops() -> None:
    board = Board()
    copying = Copying(cast(Desktop, board))
    assert [await copying.call(lambda clipboard: clipboard.get()) for _ in range(3)] == ["text"] * 3
    assert board.opened == 1
    assert len(board.threads) == 1
    assert threading.get_ident() not in board.threads
    copying.close()
    await until(lambda: board.closed == 1)


async def test_several_listen_to_one_watch_and_the_last_one_ends_it() -> None:
    board, heard = Board(), [0, 0]
    copying = Copying(cast(Desktop, board))

    async def hear(who: int) -> None:
        heard[who] += 1

    tasks = [asyncio.create_task(copying.listen(lambda who=who: hear(who), 0.0)) for who in (0, 1)]  # type: ignore[misc]
    await until(lambda: board.watching == 1 and copying.listeners == 2)
    board.change()
    await until(lambda: heard == [1, 1])
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    board.change()
    await until(lambda: heard == [1, 2])
    assert board.stopped == 0
    tasks[1].cancel()
    await until(lambda: board.stopped == 1)
    copying.close()


async def test_changes_that_come_fast_are_heard_once() -> None:
    board, heard = Board(), 0
    copying = Copying(cast(Desktop, board))
    going_on = asyncio.Event()

    async def hear() -> None:
        nonlocal heard
        heard += 1
        await going_on.wait()

    listening = asyncio.create_task(copying.listen(hear, 0.0))
    await until(lambda: board.watching == 1)
    board.change()
    await until(lambda: heard == 1)
    for _ in range(20):
        board.change()
    going_on.set()
    await until(lambda: heard == 2)
    await asyncio.sleep(0.05)
    assert heard == 2
    listening.cancel()
    copying.close()


async def test_what_the_desktop_raises_reaches_the_caller() -> None:
    copying = Copying(cast(Desktop, Board()))
    with pytest.raises(ZeroDivisionError):
        await copying.call(lambda _: 1 / 0)
    copying.close()
