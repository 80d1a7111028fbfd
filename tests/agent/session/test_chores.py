"""What nobody waits for is ended with the session, and what hangs is not waited for longer than said."""

from __future__ import annotations

import asyncio

from rs_agent.session.chores import Chores, cancelled


async def test_all_but_the_one_that_asks() -> None:
    chores = Chores()
    never = asyncio.Event()
    seen: list[int] = []

    async def waits() -> None:
        await never.wait()

    async def asks() -> None:
        others = chores.others()
        seen.append(len(others))
        await cancelled(others, 5.0)
        seen.append(sum(task.cancelled() for task in others))

    for _ in range(2):
        chores.begin(waits())
    asking = asyncio.Event()

    async def asked() -> None:
        await asks()
        asking.set()

    chores.begin(asked())
    async with asyncio.timeout(10):
        await asking.wait()
    assert seen == [2, 2]


async def test_what_hangs_is_left() -> None:
    go = asyncio.Event()

    async def hangs() -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(hangs())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancelled({task}, 0.05)
    assert not task.done()
    go.set()
    await task


async def test_nothing_to_end() -> None:
    await cancelled(set(), 5.0)
