"""Record at the customer's end: says that they are being recorded, for as long as they are.

What stands permanently in the line of what holds now is the session's to show, since it knows which channels are open;
here are the two moments, in the chat-like stream and in the journal.
"""

from __future__ import annotations

from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels.record import SPEC, Begin, Down, Shown, Up
from rs_relay.errors import PeerBroke
from rs_relay.link.channel import Channel


class Record:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._recording = 0  # runs that have begun

    async def run(self, channel: Channel[Down, Up]) -> None:
        begun = False
        try:
            async for message in channel:
                match message:
                    case Begin() if begun:
                        raise PeerBroke("The other end began twice to record.")
                    case Begin():
                        begun = True
                        self._begin()
                        await channel.send(Shown())
        finally:
            if begun:
                self._end()

    def _begin(self) -> None:
        self._recording += 1
        who = self._context.technician
        self._context.note("recording", who)
        said = _("{who} RECORDS YOUR SCREEN from now on. Type /withdraw record to end that.")
        self._context.face.notice(said.replace("{who}", who))

    def _end(self) -> None:
        self._recording -= 1
        self._context.note("recording-ended", self._context.technician)
        if not self._recording:
            self._context.face.notice(_("Your screen is no longer recorded."))
