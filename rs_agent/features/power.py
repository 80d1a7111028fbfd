"""A restart at the customer's: counted down before their eyes, called off at their word, and come back from.

    asked ──▶ counting ──▶ going ──▶ the computer is down
                 └──────────┴─────▶ over: called off, withdrawn, refused by the system, the technician went away

The law: until `going` nothing has happened, and whatever ends the channel calls it off. From then on it is the
system's; the session comes back by the ticket alone, and not even that when the customer withdraws the grant.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress

from rs_agent.feature import Context, Countdown
from rs_agent.language import N_, _
from rs_relay.channels.power import (
    BY_HAND,
    LEAST,
    MAX_ID,
    MAX_REASON,
    MOST,
    SPEC,
    Back,
    CallOff,
    Counting,
    Down,
    Going,
    Over,
    Reboot,
    Up,
)
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.text import printable

MARKS = frozenset({300, 120, 60, 30, 10, 5, 3, 2, 1})  # seconds left that the customer is told, beside the first
HEARD = 1.0  # seconds that the technician's end has to hear that it goes
LINGER = 120.0  # seconds that a system may take to end the programs; then it did not go down
KEPT = 8  # restarts that came to nothing and are remembered: whoever asks again is told again

CUSTOMER = NotAllowed("The customer called the restart off.", "Talk with them before you ask again.")
TECHNICIAN = UsageError("The restart was called off.", "")
GONE = LocalProblem("The restart was called off: the connection was lost, or its program ended.", "Ask for it again.")
STAYED = LocalProblem(
    "The customer's computer agreed to restart, and did not go down.", "Programs there may be asking the customer."
)


class Power:
    spec = SPEC

    def __init__(self, context: Context, *, least: float = LEAST, linger: float = LINGER) -> None:
        self._context, self._least, self._linger = context, least, linger
        self._id = ""  # of the restart that is asked for now
        self._ends: asyncio.Future[RsError] | None = None  # who calls it off says why
        self._going: asyncio.Task[None] | None = None
        self._window = 0.0
        self._over: OrderedDict[str, RsError] = OrderedDict()
        self._news = asyncio.Event()

    @property
    def busy(self) -> bool:
        return self._going is not None

    def call_off(self) -> bool:
        """The customer's word; whether there was still something to call off."""
        return self._call_off(CUSTOMER)

    async def withdrawn(self) -> None:
        self._context.face.notice(_("The session does not come back after the restart."))
        self.close()

    def close(self) -> None:
        """It may go down all the same; what was prepared for coming back is gone."""
        if self._going is not None:
            self._going.cancel()
            self._going, self._id = None, ""
        if self._context.departure is not None:
            self._context.departure.stay()

    async def run(self, channel: Channel[Down, Up]) -> None:
        serving: asyncio.Task[None] | None = None
        try:
            async for message in channel:
                match message:
                    case Reboot() if serving is None:
                        self._check(message)
                        serving = asyncio.create_task(self._serve(channel, message), name="power")
                    case Reboot():
                        raise PeerBroke("The other end asked for two restarts on one channel.")
                    case CallOff(id=id):
                        if id == self._id:
                            self._call_off(TECHNICIAN)
        finally:
            if serving is not None:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)

    def _check(self, asked: Reboot) -> None:
        if not 0 < len(asked.id) <= MAX_ID or len(asked.reason) > MAX_REASON or not self._least <= asked.delay <= MOST:
            raise PeerBroke("The other end asked for a restart that there cannot be.")

    async def _serve(self, channel: Channel[Down, Up], asked: Reboot) -> None:
        returned = self._context.returned
        with suppress(ChannelClosed, NotAllowed):  # the loop of the run hears it, too
            if returned is not None and returned.id == asked.id:
                await channel.send(Back(asked.id, returned.away, returned.restarted, returned.note))
                return
            error = self._over.get(asked.id)
            if error is None and self._id == asked.id and self.busy:
                await channel.send(Going(asked.id, self._window))
            elif error is None and self._id:
                error = UsageError("Another restart of the customer's computer is under way.", "")
            elif error is None:
                error = await self._restart(channel, asked)
            while error is None:
                await self._news.wait()
                error = self._over.get(asked.id)
            await channel.send(Over(asked.id, error.code, error.message, error.hint))

    async def _restart(self, channel: Channel[Down, Up], asked: Reboot) -> RsError | None:
        """None once it goes, else why it does not."""
        departure = self._context.departure
        if departure is None:
            return LocalProblem("This agent cannot come back after a restart.")
        self._id, self._ends, error = asked.id, asyncio.get_running_loop().create_future(), None
        try:
            await departure.ready(asked.safe_mode)
            try:
                error = await self._count(channel, asked)
            finally:
                self._context.face.counted()
            if error is None:
                self._window = await departure.prepare(asked.id)
                self._going = asyncio.create_task(self._go(channel, asked), name="restart")
        except RsError as e:
            error = e
        except (asyncio.CancelledError, ChannelClosed):
            error = GONE
            raise
        finally:
            if error is not None:
                self._ended(asked.id, error)
        return error

    async def _count(self, channel: Channel[Down, Up], asked: Reboot) -> RsError | None:
        """None when it is time, else who has called it off."""
        self._begin(asked)
        clock = asyncio.get_running_loop().time
        ends = self._ends
        at, told = clock() + asked.delay, False
        while ends is not None and (left := at - clock()) > 0:
            await channel.send(Counting(asked.id, left), replaces="counting")
            if not told or round(left) in MARKS:
                self._tell(asked, left)
            told = True
            done, _pending = await asyncio.wait({ends}, timeout=min(left, left % 1 or 1))
            if done:
                return ends.result()
        return None

    def _begin(self, asked: Reboot) -> None:
        if asked.safe_mode:
            self._context.face.notice(_(BY_HAND))
        self._context.note("restart", "asked for" + (", safe mode" * asked.safe_mode))

    async def _go(self, channel: Channel[Down, Up], asked: Reboot) -> None:
        """Outlives the channel: what was begun is carried through."""
        departure = self._context.departure
        if departure is None:
            return
        with suppress(TimeoutError, ChannelClosed, RsError):
            async with asyncio.timeout(HEARD):
                await channel.send(Going(asked.id, self._window))
                while channel.queued:  # noqa: ASYNC110 (a channel has no event for that)
                    await asyncio.sleep(0.02)
        try:
            self._context.note("restart", "now")
            text = N_("This computer restarts now. The session comes back by itself; stop ends it.")
            self._context.face.notice(_(text))
            await departure.go(asked.safe_mode)
            await asyncio.sleep(self._linger)
            departure.stay()
            error: RsError = STAYED
        except RsError as e:
            error = e
        self._going = None
        self._ended(asked.id, error)

    def _call_off(self, error: RsError) -> bool:
        if self._ends is None or self._ends.done() or self.busy:
            return False
        self._ends.set_result(error)
        return True

    def _ended(self, id: str, error: RsError) -> None:
        """Nothing came of it."""
        self._id, self._ends = "", None
        self._over[id] = error
        while len(self._over) > KEPT:
            self._over.popitem(last=False)
        self._context.note("restart", "called off")
        self._context.face.notice(_("This computer does not restart."))
        self._news, before = asyncio.Event(), self._news
        before.set()

    def _tell(self, asked: Reboot, seconds: float) -> None:
        reason = printable(asked.reason, MAX_REASON)
        self._context.face.counting(Countdown(self._context.technician, seconds, asked.safe_mode, reason))
