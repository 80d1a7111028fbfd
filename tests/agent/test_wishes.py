"""What several technicians want of one keeper."""

from __future__ import annotations

import asyncio

from rs_agent.desktop.keeping import Change, Kept
from rs_agent.wishes import Wishes
from tests.support.customer import FakeDesktop


async def test_it_adds_up_and_what_nobody_wants_any_more_goes() -> None:
    desktop, changes = FakeDesktop(), []
    wishes = Wishes(desktop, "privacy", lambda before, now: changes.append(now))
    await wishes.want("a", frozenset())
    assert desktop.keepers == {}
    await wishes.want("a", frozenset({Change.BLANK}))
    await wishes.want("b", frozenset({Change.BLOCK, Change.BLANK}))
    assert desktop.keepers
    keeper = desktop.keepers["privacy"]
    assert keeper.wanted == {Change.BLANK, Change.BLOCK}
    wishes.drop("a")
    assert keeper.wanted == {Change.BLANK, Change.BLOCK}
    async with asyncio.timeout(10):
        while (await wishes.wait(None)).in_force != {Change.BLANK, Change.BLOCK}:
            await wishes.wait(wishes.kept)
    wishes.drop("b")
    assert keeper.wanted == frozenset()
    async with asyncio.timeout(10):
        await wishes.wait(Kept(frozenset({Change.BLANK, Change.BLOCK})))
    assert changes[-1] == Kept()
    wishes.close()
    assert keeper.closed
