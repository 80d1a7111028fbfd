"""A feature is made once and when it is needed; what was never made has no keys, no board and no restart."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from rs_agent.feature import Context
from rs_agent.features import Entry
from rs_agent.session.made import Made
from rs_relay.link.spec import Permission
from tests.support.customer import FakeDesktop, FakeFace


class Something:
    busy = False

    def __init__(self) -> None:
        self.closed = self.let = 0

    def close(self) -> None:
        self.closed += 1

    def let_go(self) -> None:
        self.let += 1

    def call_off(self) -> bool:
        return True


class Slow(Entry):
    """Takes a moment to make, and counts."""

    made: list[Any] = []  # noqa: RUF012 (a test's own)

    def make(self, context: Context) -> Any:
        time.sleep(0.05)
        self.made.append(Something())
        return self.made[-1]


def made(folder: Path, *names: str) -> Made:
    Slow.made.clear()
    entries = {name: Slow("chat", name, "Something", Permission.CONTROL) for name in names}
    return Made(entries, Context(FakeDesktop(), FakeFace(), folder, "alice", lines=7))


async def test_one_object_however_many_ask_at_once(tmp_path: Path) -> None:
    it = made(tmp_path, "control", "power")
    one, two, other = await asyncio.gather(it.feature("control"), it.feature("control"), it.feature("power"))
    assert one is two
    assert one is not other
    assert len(Slow.made) == 2


async def test_what_was_never_made(tmp_path: Path) -> None:
    it = made(tmp_path, "control", "power", "chat", "draw")
    assert it.drawing() is None
    assert not it.controlled()
    assert not it.stop_restart()
    assert it.lines() == 7  # as before the restart
    it.let_go()
    it.close()
    assert Slow.made == []


async def test_what_was_made_is_asked_and_closed(tmp_path: Path) -> None:
    it = made(tmp_path, "control", "power")
    control: Any = await it.feature("control")
    await it.feature("power")
    assert it.stop_restart()
    it.let_go()
    assert (it.controlled(), control.let) == (True, 1)
    control.busy = True
    assert it.busy() == [(Permission.CONTROL, control)]
    it.close()
    assert [feature.closed for feature in Slow.made] == [1, 1]


async def test_a_session_without_a_board_draws_nothing(tmp_path: Path) -> None:
    async def never(drawing: object) -> None:
        raise AssertionError("there is none")

    await made(tmp_path, "control").draw(never)
