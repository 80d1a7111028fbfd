"""What a feature is at the technician's end: the channel it speaks, and one coroutine that speaks it.

One object lives as long as the technician's process holds the session; `run` is called with a fresh channel for each
link (the first, and each reconnection), so what must outlive a link is kept on the object. No feature draws anything:
faces (commands, panels) call its methods and hear its callbacks.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from rs_relay.link.channel import Channel
from rs_relay.link.spec import ChannelSpec


class Feature(Protocol):
    spec: ChannelSpec[Any, Any]

    async def run(self, channel: Channel[Any, Any]) -> None: ...


@runtime_checkable
class Prompt(Feature, Protocol):
    """A feature that knows what it will say before its channel is there: a way there and back less."""

    def first(self) -> Any:
        """What goes along with the request for the channel; `run` follows, unless that is refused."""
        ...
