"""Appearance at the technician's: a plainer desktop over there, for a slow line. Each link is told what is wanted."""

from __future__ import annotations

from collections.abc import Callable

from rs_relay.channels.appearance import SPEC, Hide, Part, State, Up
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import Channel, ChannelClosed


class Appearance:
    """`changed` is called whenever `state` has become another; it is empty while no channel is open."""

    spec = SPEC

    def __init__(self, changed: Callable[[State], None] = lambda state: None) -> None:
        self.wanted: frozenset[Part] = frozenset()
        self.state = State()
        self._changed = changed
        self._channel: Channel[Up, State] | None = None

    async def run(self, channel: Channel[Up, State]) -> None:
        await channel.send(self._hide())
        self._channel = channel
        try:
            async for state in channel:
                self._become(state)
        except NotAllowed:
            self.wanted = frozenset()  # withdrawn: it is wanted no more, until it is asked for anew
            raise
        finally:
            self._channel = None
            self._become(State())

    async def hide(self, parts: frozenset[Part]) -> None:
        """From now on these, on this link and on later ones."""
        self.wanted = parts
        if self._channel is not None:
            try:
                await self._channel.send(self._hide())
            except ChannelClosed:
                return  # the next link begins with it

    def _hide(self) -> Hide:
        return Hide(tuple(sorted(self.wanted)))

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed(state)
