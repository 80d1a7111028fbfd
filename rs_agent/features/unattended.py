"""Enrolment at the customer's end: with their yes, this computer becomes a device that the technician may come back to.

The yes is the permission's. The access code is made here and shown to the customer alone, once; who has set unattended
access up before keeps their code. What a session without them may do is what is set at the device, not what they
granted in this one.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.unattended import access_code, identity
from rs_agent.unattended.enrolment import Settings, Technician, Unattended
from rs_agent.unattended.network import macs
from rs_relay.channels.unattended import SPEC, Enrol, Enrolled
from rs_relay.errors import LocalProblem
from rs_relay.link.address import Address
from rs_relay.link.channel import Channel
from rs_relay.link.unattended import fingerprint
from rs_relay.link.verifier import plain
from rs_relay.text import printable
from rs_relay.wire.limits import NAME


class Enrolment:
    """`name`: of this computer. `state`: the agent's own folder, if any. `relay`: where the device will wait."""

    spec = SPEC

    def __init__(self, context: Context, name: str = "", state: Path | None = None, relay: str = "") -> None:
        self._context, self._name, self._relay = context, name, relay
        self._kept = Unattended(state) if state is not None else None

    async def run(self, channel: Channel[Enrolled, Enrol]) -> None:
        enrol = await channel.receive()
        if self._kept is None:
            raise LocalProblem(N_("Unattended access cannot be set up from within this session."))
        await channel.send(await self._enrol(self._kept, enrol.key))

    async def _enrol(self, kept: Unattended, key: bytes) -> Enrolled:
        who = self._context.technician
        code = "" if kept.read() is not None else await asyncio.to_thread(access_code.make)
        if code:
            await asyncio.to_thread(kept.enable, plain(code), self._relay, Settings())
        kept.enrol(Technician(who, key.hex(), time.time()))
        shown = printable(who, NAME)
        if code:
            self._context.face.access_code(code, who)
        text = _("{who} can come in from now on when you are not there.")
        self._context.face.notice(text.format(who=shown), _("`rs-agent unattended disable` turns it off."))
        self._context.note("unattended-enrolled", fingerprint(key))
        return Enrolled(_address(kept), self._name[:NAME], bool(code), macs()[:16])


def _address(kept: Unattended) -> str:
    record, own = kept.require(), identity.load(kept.state)
    if own is None:
        raise LocalProblem(N_("The key of this device is gone."), N_("`rs-agent unattended enable` makes another."))
    return str(Address(record.host, record.proof, own.public_key().public_bytes_raw()))
