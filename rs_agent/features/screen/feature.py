"""The screen at the customer's end: one show for each viewer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.capture.base import TakenBack
from rs_relay.channels.screen.messages import SPEC, Down, Up
from rs_relay.link.channel import Channel
from rs_relay.link.spec import Permission
from rs_relay.picture.show import Show

ASKED = 1.0  # seconds; one that the desktop remembers is answered sooner


class ScreenFeature:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._gone = False

    async def run(self, channel: Channel[Down, Up]) -> None:
        asked = asyncio.get_running_loop().call_later(ASKED, self._say_asked)
        try:
            await Show(self._context.desktop.screen, channel, self._context.pulse, self._clock, self._away).run()
        except TakenBack:  # by the person, in their desktop: as if they had said it to rs
            for permission in (Permission.VIEW, Permission.CONTROL):
                self._context.withdraw(permission)
            raise
        finally:
            asked.cancel()

    def _say_asked(self) -> None:
        """The desktop has a question of its own, and may still have it in a while."""
        if self._context.desktop.asks:
            self._context.face.notice(_("Your desktop itself asks now what may be seen: answer it there."))
            self._context.tell("The customer's desktop asks them itself; its picture comes when they have answered.")

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
