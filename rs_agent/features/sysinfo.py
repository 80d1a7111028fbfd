"""What this computer is and runs, told to a technician: looked at in threads, changed by nothing here.

psutil and the system's module are loaded with this one, so an agent that is never asked stays as small as it
was. The customer reads once for each kind of thing that it is being looked at.
"""

from __future__ import annotations

import asyncio

from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.system import collect
from rs_agent.system.base import Machine, machine
from rs_relay.channels.sysinfo import (
    ASKED,
    ITEMS,
    SPEC,
    Attention,
    Check,
    Down,
    Failed,
    ListServices,
    Look,
    Processes,
    Ps,
    Services,
    Up,
)
from rs_relay.errors import PeerBroke, RsError
from rs_relay.link.channel import Channel
from rs_relay.text import printable

LONGEST = 5.0  # seconds over which a share is measured
LOOKERS = 2  # threads that look at once: they mostly wait
NAME = 256

TOLD = {
    Look: N_("{name} looks at what this computer is."),
    Check: N_("{name} looks at what this computer is."),
    Ps: N_("{name} looks at the programs that run."),
    ListServices: N_("{name} looks at the services of this computer."),
}


class Sysinfo:
    spec = SPEC

    def __init__(self, context: Context, of: Machine | None = None) -> None:
        self._context = context
        self._machine = of or machine()
        self._told: set[str] = set()
        self._lookers = asyncio.Semaphore(LOOKERS)

    async def run(self, channel: Channel[Down, Up]) -> None:
        tasks: set[asyncio.Task[None]] = set()
        try:
            async for asked in channel:
                if len(tasks) >= ASKED:
                    raise PeerBroke("The other end asked too many things at once.")
                self._tell(TOLD[type(asked)])
                task = asyncio.create_task(self._guarded(channel, asked), name="sysinfo")
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, channel: Channel[Down, Up], asked: Up) -> None:
        try:
            await self._answer(channel, asked)
        except RsError as error:
            await channel.send(Failed(asked.id, error.code, error.message, error.hint))

    async def _answer(self, channel: Channel[Down, Up], asked: Up) -> None:
        match asked:
            case Look(id=id, top=top):
                async with self._lookers:
                    looked = await asyncio.to_thread(collect.look, self._machine, id, top)
                await channel.send(looked)
            case Check(id=id):
                found = await self._machine.notable()
                told = found.reboot, found.reboot_for, found.updates, found.failed, found.errors
                await channel.send(Attention(id, *told))
            case Ps(id=id, over=over):
                if not 0 <= over <= LONGEST:
                    raise PeerBroke("The other end asked for a share over no time.")
                async with self._lookers:
                    running = await asyncio.to_thread(collect.processes, over)
                for at in range(0, max(len(running), 1), ITEMS):
                    await channel.send(Processes(id, tuple(running[at : at + ITEMS]), at + ITEMS >= len(running)))
            case ListServices(id=id, name=name):
                if len(name) > NAME:
                    raise PeerBroke("The other end named a service too long.")
                found_services = await self._machine.services().listed(name)
                for at in range(0, max(len(found_services), 1), ITEMS):
                    items = tuple(found_services[at : at + ITEMS])
                    await channel.send(Services(id, items, at + ITEMS >= len(found_services)))

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._context.note("looked", text.removeprefix("{name} "))
            self._context.face.notice(_(text).format(name=printable(self._context.technician, 60)))
