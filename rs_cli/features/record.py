"""Record at the technician's end: whether the customer has been told, now, that what is seen is kept.

`on` is the one door to a recording: who records writes nothing while it is False. It opens when the customer reads of
it and closes with the channel, be it withdrawn, left or lost with the link.
"""

from __future__ import annotations

from collections.abc import Callable

from rs_relay.channels.record import SPEC, Begin, Shown, Up
from rs_relay.link.channel import Channel


class Record:
    spec = SPEC

    def __init__(self, changed: Callable[[bool], None] = lambda on: None) -> None:
        """`changed` is called whenever `on` has changed."""
        self.on = False
        self._changed = changed

    async def run(self, channel: Channel[Up, Shown]) -> None:
        try:
            await channel.send(Begin())
            async for _ in channel:
                self._become(True)
        finally:
            self._become(False)

    def _become(self, on: bool) -> None:
        if on != self.on:
            self.on = on
            self._changed(on)
