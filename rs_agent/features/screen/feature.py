"""The screen at the customer's end: one show for each viewer."""

from __future__ import annotations

import time
from collections.abc import Callable

from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels.screen.messages import SPEC, Down, Up
from rs_relay.link.channel import Channel
from rs_relay.picture.show import Show


class ScreenFeature:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._gone = False

    async def run(self, channel: Channel[Down, Up]) -> None:
        await Show(self._context.desktop.screen, channel, self._context.pulse, self._clock, self._away).run()

    def _away(self, gone: bool) -> None:
        """The display of this computer went, or is back; told once, however many look."""
        if gone == self._gone:
            return
        self._gone = gone
        self._context.note("display", "gone" if gone else "back")
        if gone:
            self._context.face.notice(_("The display of this computer is gone. The session goes on without it."))
            self._context.tell("The display of the customer's computer is gone; its picture comes back with it.")
        else:
            self._context.face.notice(_("The display of this computer is back."))
            self._context.tell("The display of the customer's computer is back.")
        self._context.changed()  # the frame round a screen that is seen comes back with it
