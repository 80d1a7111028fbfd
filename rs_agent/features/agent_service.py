"""The agent made a service of this computer from within a session, with the customer's yes and before their eyes.

The yes is the permission's; a service of the whole computer needs its administrator's as well, who is asked by the
system itself, here. Who may come in by it is whoever was enrolled before: this opens the door to nobody new. The
session stays in the customer's program, where they see it and stop it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.machine import elevation
from rs_agent.machine.base import own_command
from rs_agent.machine.service import service
from rs_agent.machine.service.base import Service
from rs_agent.machine.service.base import State as Found
from rs_agent.system.tools import Said
from rs_agent.unattended import serving
from rs_agent.unattended.enrolment import Unattended
from rs_relay.channels.agent_service import SPEC, Asked, Down, Install, Remove, State, Status, Told, Up
from rs_relay.errors import LocalProblem, PeerBroke, RsError
from rs_relay.link.channel import Channel
from rs_relay.text import printable
from rs_relay.wire.limits import NAME

Elevate = Callable[[list[str], bytes], Awaitable[Said]]


class AgentService:
    """`state`: the agent's own folder, if any. `elevate`: runs a command as the administrator, who is asked."""

    spec = SPEC

    def __init__(
        self,
        context: Context,
        state: Path | None = None,
        *,
        pick: Callable[[bool], Service] = service,
        elevate: Elevate = elevation.run,
        administrator: Callable[[], bool] = elevation.is_administrator,
    ) -> None:
        self._context, self._state = context, state
        self._pick, self._elevate, self._administrator = pick, elevate, administrator
        self._turn = asyncio.Lock()

    async def run(self, channel: Channel[Down, Up]) -> None:
        wish = await channel.receive()
        if self._state is None:
            raise LocalProblem(N_("A service cannot be set up from within this session."))
        async with self._turn:
            try:
                await self._do(channel, wish, Unattended(self._state))
            except RsError:
                self._context.face.notice(_("Nothing was changed about rs-agent as a service."))
                raise
            await channel.send(await asyncio.to_thread(self._told))

    async def _do(self, channel: Channel[Down, Up], wish: Up, kept: Unattended) -> None:
        match wish:
            case Install(user=user):
                await self._install(channel, kept, user)
            case Remove(user=user):
                await self._remove(channel, user)
            case Status():
                pass

    async def _install(self, channel: Channel[Down, Up], kept: Unattended, user: bool) -> None:
        chosen = self._pick(user)
        self._tell(
            N_("{who} makes rs-agent a service of this computer: it starts by itself, and lets in whom you let.")
        )
        if chosen.home is None or self._administrator():
            await asyncio.to_thread(serving.install, chosen, kept.state)
        else:
            await self._ask(channel, [*own_command(), "service", "install", "--take-over"], serving.handed_over(kept))
            await asyncio.to_thread(kept.disable)  # it is the service's now
        self._done("installed", user)
        self._context.face.notice(_("rs-agent is a service now. `rs-agent service remove` takes it away again."))

    async def _remove(self, channel: Channel[Down, Up], user: bool) -> None:
        chosen = self._pick(user)
        self._tell(N_("{who} takes the service away by which rs-agent starts by itself."))
        if chosen.home is None or self._administrator():
            await asyncio.to_thread(serving.remove, chosen)
        else:
            await self._ask(channel, [*own_command(), "service", "remove"], b"")
        self._done("removed", user)

    async def _ask(self, channel: Channel[Down, Up], argv: list[str], data: bytes) -> None:
        """The system asks for its administrator, here; with the end of the channel it does not any more."""
        await channel.send(Asked())
        self._context.face.notice(_("This computer asks for its administrator's password now: who agrees types it."))
        asking = asyncio.ensure_future(self._elevate(argv, data))
        hearing = asyncio.ensure_future(channel.receive())
        try:
            await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                hearing.result()  # raises ChannelClosed
                raise PeerBroke("The other end asked for two things on one channel.")
            said = await asking
        finally:
            for task in (asking, hearing):
                task.cancel()
            await asyncio.gather(asking, hearing, return_exceptions=True)
        if said.status:
            raise LocalProblem(N_("The administrator's part of it did not succeed."), printable(said.err.strip(), 300))

    def _told(self) -> Told:
        return Told(self._found(False), self._found(True))

    def _found(self, user: bool) -> State:
        try:
            return _SAID[self._pick(user).state()]
        except RsError:
            return "impossible"

    def _tell(self, text: str) -> None:
        self._context.face.notice(_(text).format(who=printable(self._context.technician, NAME)))

    def _done(self, what: str, user: bool) -> None:
        self._context.note("agent-service", what + (", the user's own" * user))


_SAID: dict[Found, State] = {Found.MISSING: "missing", Found.STOPPED: "stopped", Found.RUNNING: "running"}
