"""A technician's end of a session that was joined properly, and then says what was not granted.

    async with hostile_link(stage) as hostile:              # a further link, with the key from the technician's book
        hostile.unasked("control", data)                     # data goes out behind the request, unaccepted
        loud = await hostile.open(files.SPEC)

The session stays in the technician's book, so that honest commands may follow.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rs_relay.errors import RsError
from rs_relay.link import dial, frames
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.frames import Kind
from rs_relay.link.handshake import Role
from rs_relay.link.link import Link
from rs_relay.link.spec import ChannelSpec
from tests.support.hostile_agent import Loud
from tests.support.stage import RsStage

PATIENCE = 30.0


def entry(stage: RsStage) -> dict[str, Any]:
    """The session as the technician's book has it, keys and all."""
    path = Path(stage.technician["RS_STATE_DIR"]) / "sessions" / f"{stage.session}.session"
    read: dict[str, Any] = json.loads(path.read_bytes())
    return read


class HostileTechnician:
    def __init__(self, link: Link) -> None:
        self.link = link

    async def open(self, spec: ChannelSpec[Any, Any]) -> Loud:
        """As an honest one, but for messages of any size. Raises the refusal."""
        return Loud(self.link, await self.link.open(replace(spec, max_message=64 * 1024 * 1024)))

    def blurt(self, kind: Kind, channel: int, body: bytes = b"") -> None:
        """A frame of the link, sealed properly, that nobody expects."""
        self.link.session._flow.own(frames.encode(kind, channel, body))
        self.link.wake()

    def unasked(self, name: str, *data: bytes) -> None:
        """Ask for a channel and talk on it at once, without waiting for a yes."""
        self.link.session._last += 1
        number = self.link.session._last
        self.blurt(Kind.OPEN, number, name.encode())
        for piece in data:
            self.blurt(Kind.DATA, number, piece)

    async def ended(self) -> RsError | None:
        """Why the link ended; it must."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(self.link.ended)


@contextlib.asynccontextmanager
async def hostile_link(stage: RsStage) -> AsyncIterator[HostileTechnician]:
    relay, held = dial.Relay(stage.url), entry(stage)
    conversation, _ = await dial.control(relay)
    ticket = await conversation.knock(held["host"], held["door"])
    await conversation.close()
    socket, opened = await dial.reopen(relay, ticket.ticket, bytes.fromhex(held["key"]))
    link = Link(opened, Role.TECHNICIAN, socket)
    link.start()
    await link.facts()
    try:
        yield HostileTechnician(link)
    finally:
        with contextlib.suppress(RsError, ChannelClosed):
            await asyncio.wait_for(link.close(), 5)
