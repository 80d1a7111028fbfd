from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.manage import Manage
from rs_relay.channels.manage import SPEC, Action, Done, Failed, Find, Found, Kill, Program, Switch
from rs_relay.errors import ConnectionLost, LocalProblem
from tests.support.channels import MemoryChannel, break_off, channel_pair


def link(manage: Manage) -> tuple[asyncio.Task[None], MemoryChannel]:
    technician, agent = channel_pair(SPEC)
    return asyncio.create_task(manage.run(technician)), agent


async def test_asked_and_done() -> None:
    manage = Manage()
    run, far = link(manage)
    finding = asyncio.create_task(manage.find((5,), "x"))
    assert await far.receive() == Find(1, (5,), "x")
    await far.send(Found(1, (Program(5, 1.5, "x", "ada"),)))
    assert await finding == (Program(5, 1.5, "x", "ada"),)
    killing = asyncio.create_task(manage.kill(5, 1.5, "KILL", tree=True))
    assert await far.receive() == Kill(2, 5, 1.5, "KILL", True)
    await far.send(Done(2, 3, 1))
    assert (await killing).count == 3
    switching = asyncio.create_task(manage.switch("cron", Action.STOP, user=True))
    assert await far.receive() == Switch(3, "cron", Action.STOP, True)
    await far.send(Failed(3, "local-problem", "No rights.", "sudo"))
    with pytest.raises(LocalProblem) as refused:
        await switching
    assert refused.value.hint == "sudo"
    await far.close()
    await run


async def test_what_a_lost_link_took_is_not_done_twice() -> None:
    manage = Manage()
    run, far = link(manage)
    switching = asyncio.create_task(manage.switch("cron", Action.RESTART))
    await far.receive()
    await break_off(far)
    with pytest.raises(ConnectionLost, match="not known"):
        await switching
    await asyncio.gather(run, return_exceptions=True)
    run, far = link(manage)
    later = asyncio.create_task(manage.find((1,)))
    assert isinstance(await far.receive(), Find)  # the first that is asked on this link
    later.cancel()
    await far.close()
    await run
