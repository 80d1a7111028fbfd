"""An agent made of memory that does what the appearance and privacy channels ask, as far as the test lets it."""

from __future__ import annotations

from typing import Any

from rs_relay.channels import appearance, privacy
from rs_relay.errors import NotAllowed, RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.technician import FakeLink
from tests.support.viewing import ScreenAgent


class PrivateAgent(ScreenAgent):
    """`cannot` names, by part, why not. `wanted` is what it heard last on each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.cannot: dict[str, str] = {}
        self.wanted: dict[str, set[str]] = {}
        self.said: list[Any] = []
        self._open: dict[str, MemoryChannel] = {}

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name not in ("appearance", "privacy"):
            await super().serve(name, channel, link)
            return
        self._open[name] = channel
        try:
            async for said in channel:
                await self._do(name, channel, said)
        except (ChannelClosed, RsError):
            pass
        async with self.more:
            self.wanted[name] = set()
            self.more.notify_all()

    async def end(self) -> None:
        """The customer presses the keys that end it."""
        await self._open["privacy"].close(NotAllowed("The customer has not allowed privacy."))
        await self.withdraw(Permission.PRIVACY)

    async def _do(self, name: str, channel: MemoryChannel, said: Any) -> None:
        done = tuple(part for part in said.parts if part not in self.cannot)
        cannot = {part: self.cannot[part] for part in said.parts if part in self.cannot}
        async with self.more:
            self.said.append(said)
            self.wanted[name] = {str(part) for part in said.parts}
            self.more.notify_all()
        state = appearance.State(done, cannot) if name == "appearance" else privacy.State(done, cannot)
        await channel.send(state)
