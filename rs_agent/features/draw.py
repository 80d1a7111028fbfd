"""Drawing at the customer's end: the session's one board, which everybody who sees the screen draws on.

Law: a drawing acts on nothing, and the customer has the last word on it. They are told who draws and how to be rid of
it; `erase` and `forbid` hold at once, and so do a pause, a question to them, and a withdrawn grant. Nothing stays over
a desktop that nobody looks at: when the last guest has gone for good the board is wiped, after GRACE when only the link
was lost.

Where this desktop can be drawn over, the board is on it and so in everybody's picture; a guest is then told no more
than what became of their own strokes. Else each guest is told every stroke, to draw it over the picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from rs_agent.bucket import Bucket
from rs_agent.desktop.base import Drawn, Overlay
from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels.draw import (
    ALL,
    MAX_PIECE,
    SPEC,
    Begin,
    Colour,
    Done,
    Down,
    Erase,
    More,
    Standing,
    Tool,
    Up,
    Where,
)
from rs_relay.drawing.board import Board
from rs_relay.drawing.hand import Hand
from rs_relay.errors import ConnectionLost, LocalProblem, RsError
from rs_relay.link.channel import Channel, ChannelClosed

GRACE = 30.0  # seconds that a lost link has to come back before what was drawn over it goes
REST = 1.0  # seconds after which a laser pointer that stands still is gone
QUIET = 10.0  # seconds between two notices that somebody draws
BURST, PER_SECOND = 200, 100.0  # messages at once, then a second: a mouse told 30 times a second, and no flood
MOST = 1000  # messages that wait for a slow guest
COLOUR, WIDTH, WIDE = Colour.BLUE, 4, 20  # of what the customer draws; a highlighter's width


class _Guest:
    """One channel: what is still to be said on it, and which strokes it is drawing."""

    def __init__(self, channel: Channel[Down, Up]) -> None:
        self.drawing: set[int] = set()
        self._channel = channel
        self._waiting: deque[Down] = deque()
        self._anew = True
        self._more, self._less = asyncio.Event(), asyncio.Event()
        self._more.set()

    def tell(self, message: Down) -> None:
        self._waiting.append(message)
        self._more.set()

    def show(self, message: Down) -> None:
        """Something of another's; who falls behind is told all anew instead."""
        if len(self._waiting) >= MOST:
            self.begin_anew()
        elif not self._anew:
            self.tell(message)

    def erase(self, number: int) -> None:
        """Also of what they drew themselves, which no state tells."""
        if len(self._waiting) >= MOST:
            self.begin_anew()
        else:
            self.tell(Erase(number))

    def begin_anew(self) -> None:
        self._anew = True
        self._more.set()

    async def room(self) -> None:
        """Whoever says much waits until they have heard what came of it."""
        while len(self._waiting) >= MOST:
            self._less.clear()
            await self._less.wait()

    async def speak(self, state: Callable[[], Iterable[Down]]) -> None:
        with contextlib.suppress(ChannelClosed):  # the run hears it, too
            while True:
                await self._more.wait()
                self._more.clear()
                while self._anew or self._waiting:
                    if self._anew:
                        self._anew = False
                        # What became of their strokes stays true; what was to be shown is in the state.
                        kept = [said for said in self._waiting if isinstance(said, Done | Erase)]
                        self._waiting = deque([*kept, *state()])
                    await self._channel.send(self._waiting.popleft())
                    self._less.set()


class Draw:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._board = Board()
        self._guests: set[_Guest] = set()
        self._overlay: Overlay | None = None
        self._looked = False  # whether this desktop can be drawn over
        self._looking = asyncio.Lock()
        self._forbidden = False
        self._told = Where.PICTURE  # where the guests know the board to be
        self._lasers: dict[int, asyncio.TimerHandle] = {}
        self._resting: set[int] = set()  # of the lasers
        self._leaving: asyncio.TimerHandle | None = None
        self._noticed = float("-inf")

    async def run(self, channel: Channel[Down, Up]) -> None:
        await self._look()
        guest = _Guest(channel)
        self._stay()
        self._guests.add(guest)
        speaking = asyncio.create_task(guest.speak(self._state), name="draw")
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        lost = True
        try:
            async for message in channel:
                await asyncio.sleep(pace.take())
                await guest.room()
                self._hear(guest, message)
            lost = False
        except asyncio.CancelledError:  # the link has ended, or the grant was withdrawn: its tasks go
            lost = await _was_lost(channel)
            raise
        except RsError as error:
            lost = isinstance(error, ConnectionLost)
            raise
        finally:
            self._gone(guest, lost)  # first: a run that ends may still be cancelled
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    # what the customer does, and what becomes of the session

    async def draw(self, tool: Tool) -> None:
        """The customer's next drag draws."""
        await self._look()
        if self._overlay is None:
            self._context.face.notice(_("This desktop cannot be drawn over."))
        elif not self._guests or not self._context.drawable():
            self._context.face.notice(_("Nobody can see drawings on your screen now."))
        elif self._forbidden:
            self._context.face.notice(_("Drawing is off."), _("/draw on allows it again."))
        else:
            hand = Hand(tool, COLOUR, WIDE if tool is Tool.HIGHLIGHTER else WIDTH, self._number)
            heard = partial(self._drawn, hand)
            self._overlay.take(tool, partial(_on_loop, asyncio.get_running_loop(), heard))
            self._context.face.notice(
                _("Point with the mouse; a click or Escape ends it.")
                if tool is Tool.LASER
                else _("Hold the left mouse button and draw; Escape ends it.")
            )

    def erase(self) -> None:
        """Everything, whoever drew it."""
        self._erase(ALL)

    def forbid(self, on: bool) -> None:
        """Nobody draws until it is called with False."""
        self._forbidden = on
        if on:
            self._erase(ALL)
        self.stand()
        if on:
            self._context.face.notice(_("Drawing is off."), _("/draw on allows it again."))
        else:
            self._context.face.notice(_("Drawing on your screen is allowed again."))

    def stand(self) -> None:
        """A grant or a pause may have changed."""
        where = self._where()
        if where is self._told:
            return
        self._told = where
        if where is Where.OFF:
            for number in list(self._lasers):
                self._erase(number)
            for guest in self._guests:
                guest.drawing.clear()
        for guest in self._guests:
            guest.begin_anew()

    def close(self) -> None:
        self._stay()
        self._board.clear()
        for timer in self._lasers.values():
            timer.cancel()
        if self._overlay is not None:
            self._overlay.close()

    # the board

    def _hear(self, guest: _Guest, message: Up) -> None:
        """Raises PeerBroke for what no honest program says."""
        match message:
            case Begin():
                self.stand()
                if self._told is Where.OFF:
                    guest.tell(Erase(message.id))
                    return
                self._notice()
                self._begin(message, guest)
                if message.id in self._board.strokes:
                    guest.drawing.add(message.id)
            case More(id=number) if number in guest.drawing and self._context.drawable():
                self._go_on(message, guest)
            case Done(id=number) if number in guest.drawing:
                guest.drawing.discard(number)
                self._end(number, guest)
                guest.tell(message)
            case Erase(id=number):
                self._erase(number)

    def _drawn(self, hand: Hand, drawn: Drawn) -> None:
        """The customer's own."""
        for said in [*hand.draw(drawn.points), *(hand.end() if drawn.last else [])]:
            if not self._guests or self._forbidden or not self._context.drawable():
                return
            match said:
                case Begin():
                    self._begin(said)
                case More():
                    self._go_on(said)
                case Done(id=number):
                    self._end(number)

    def _begin(self, said: Begin, by: _Guest | None = None) -> None:
        gone = self._board.begin(said)
        if said.tool is Tool.LASER:
            self._point(said.id)
        self._show(said, by)
        self._drop(gone)

    def _go_on(self, said: More, by: _Guest | None = None) -> None:
        if said.id not in self._board.strokes:
            return
        gone = self._board.more(said)
        rested = said.id in self._resting
        if said.id in self._lasers:
            self._point(said.id)
        stroke = self._board.strokes.get(said.id)
        if rested and stroke is not None:
            self._show(Begin(said.id, stroke.tool, stroke.colour, stroke.width, stroke.points), by)
        else:
            self._show(said, by)
        self._drop(gone)

    def _end(self, number: int, by: _Guest | None = None) -> None:
        if number in self._lasers:
            self._erase(number)
        elif number in self._board.strokes:
            self._show(Done(number), by)

    def _erase(self, number: int) -> None:
        for laser in list(self._lasers) if number == ALL else [number]:
            if (timer := self._lasers.pop(laser, None)) is not None:
                timer.cancel()
            self._resting.discard(laser)
        if number == ALL:
            self._board.clear()
        else:
            self._board.erase(number)
        for guest in self._guests:
            if number == ALL:
                guest.drawing.clear()
            guest.drawing.discard(number)
            guest.erase(number)
        self._show_here()

    def _drop(self, numbers: Iterable[int]) -> None:
        """They had to make room."""
        for number in numbers:
            self._erase(number)

    def _show(self, said: Down, by: _Guest | None) -> None:
        """To all but its drawer, who knows it."""
        self._show_here()
        if self._told is Where.PICTURE:
            for guest in self._guests - {by}:
                guest.show(said)

    def _show_here(self) -> None:
        if self._overlay is not None:
            strokes = self._board.strokes.items()
            self._overlay.show({number: stroke for number, stroke in strokes if number not in self._resting})

    def _point(self, number: int) -> None:
        """A laser pointer moves: it is seen, for a while."""
        if number in self._lasers:
            self._lasers[number].cancel()
        self._resting.discard(number)
        self._lasers[number] = asyncio.get_running_loop().call_later(REST, self._rest, number)

    def _rest(self, number: int) -> None:
        self._resting.add(number)
        self._show_here()
        for guest in self._guests:
            if number not in guest.drawing:
                guest.show(Erase(number))

    def _state(self) -> list[Down]:
        """For who knows nothing yet."""
        self._told = self._where()
        said: list[Down] = [Standing(self._told)]
        if self._told is not Where.PICTURE:
            return said
        drawing = {number for guest in self._guests for number in guest.drawing}
        for number, stroke in self._board.strokes.items():
            if number in self._resting:
                continue
            first, rest = stroke.points[:MAX_PIECE], stroke.points[MAX_PIECE:]
            said.append(Begin(number, stroke.tool, stroke.colour, stroke.width, first))
            said += [More(number, rest[at : at + MAX_PIECE]) for at in range(0, len(rest), MAX_PIECE)]
            if number not in drawing:
                said.append(Done(number))
        return said

    # who is there

    def _where(self) -> Where:
        if self._forbidden or not self._context.drawable():
            return Where.OFF
        return Where.PICTURE if self._overlay is None else Where.DESKTOP

    async def _look(self) -> None:
        """Whether this desktop can be drawn over."""
        async with self._looking:
            if not self._looked:
                with contextlib.suppress(LocalProblem):
                    self._overlay = await asyncio.to_thread(self._context.desktop.overlay)
                self._looked = True

    def _gone(self, guest: _Guest, lost: bool) -> None:
        self._guests.discard(guest)
        for number in guest.drawing:
            self._end(number)
        if self._guests:
            return
        if lost and self._context.drawable():
            self._leaving = asyncio.get_running_loop().call_later(GRACE, self._erase, ALL)
        else:
            self._erase(ALL)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _notice(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._overlay is None or self._board.strokes or now - self._noticed < QUIET:
            return
        self._noticed = now
        text = _("{who} draws on your screen.").replace("{who}", self._context.technician)
        self._context.face.notice(text, _("/erase removes all drawings, /draw off forbids them."))

    def _number(self) -> int:
        return secrets.randbits(52) + 1


async def _was_lost(channel: Channel[Down, Up]) -> bool:
    """Why that channel ended: whether it may come back."""
    try:
        async with asyncio.timeout(0):
            while True:
                await channel.receive()
    except TimeoutError:
        return True  # it has not ended
    except ChannelClosed as closed:
        return isinstance(closed.error, ConnectionLost)
    except RsError:
        return False


def _on_loop(loop: asyncio.AbstractEventLoop, act: Callable[[Drawn], None], drawn: Drawn) -> None:
    """From the overlay's thread."""
    with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is there to see it
        loop.call_soon_threadsafe(act, drawn)
