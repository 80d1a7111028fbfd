from __future__ import annotations

import asyncio

from rs_agent.feature import Pulse


async def test_a_waiter_misses_no_beat() -> None:
    pulse = Pulse()
    pulse.beat()
    assert await asyncio.wait_for(pulse.wait(0), 10) == 1  # it beat before anybody waited
    waiting = [asyncio.create_task(pulse.wait(1)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    pulse.beat()
    pulse.beat()
    assert await asyncio.gather(*waiting) == [3, 3, 3]
