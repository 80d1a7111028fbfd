"""The screen at the customer's end: one show for each viewer."""

from __future__ import annotations

import time
from collections.abc import Callable

from rs_agent.feature import Context
from rs_relay.channels.screen.messages import SPEC, Down, Up
from rs_relay.link.channel import Channel
from rs_relay.picture.show import Show


class ScreenFeature:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock

    async def run(self, channel: Channel[Down, Up]) -> None:
        await Show(self._context.desktop.screen, channel, self._context.pulse, self._clock).run()
