"""When to look at the screen, and how much may be under way: pure, the clock handed in.

The eye sets the pace. At most IN_FLIGHT updates are sent and not yet painted, so no queue can grow: a slow line or a
slow viewer gets fewer updates, each one as new as can be. Looking costs time as well, so it is done

    as soon as may be       for 0.1 s after the technician did something: an application draws within milliseconds
    60 times a second       for 2 s after anything changed or was done
    15 times a second       else

and never so often that looking in vain at a large screen takes more than a share of one core. A screen that tells what
is drawn is looked at when it does, when something that rests is due to be refined, and besides 5 times a second for the
pointer (60 times while it moves).

How much an update may carry is learned from what was painted. The first one is small, and over a long way so is the
second, which does not wait for that; what took long beyond the way there and back tells what the line gives, and from
then on an update is what the line carries in HOLD; what was used up and still quick is doubled, until it need not be
counted. So a slow line holds two short updates, and a key's answer waits for no more. A film's pictures, and
photographs, keep to what the line gives on quicker lines as well.

What rests and is still lossy is refined a few tiles an update, fewer where updates take long to be painted: the
answer to a key must never wait behind a photograph's last bits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from rs_relay.errors import PeerBroke

IN_FLIGHT = 2  # one being painted, one on its way, and what a long line holds besides
MOST_IN_FLIGHT = 8
FRAME = 1 / 60  # seconds between two updates: what a monitor shows. After a rest, one may follow another at once

EAGER, EAGER_FOR = 0.004, 0.1  # seconds between looks; seconds after a beat
LIVELY, LIVELY_FOR = FRAME, 2.0
IDLE = 1 / 15
AT_REST = 1 / 5
RESTLESS_FOR = 0.5
BUSY_SHARE, IDLE_SHARE = 0.5, 0.02  # of one core, for looking

REFINE_START, REFINE_LEAST, REFINE_MOST = 64, 8, 256  # tiles an update
HOLD, HOLD_TRIPS = 0.2, 0.6  # seconds of a slow line that an update may take; or so much of a long way there and back
GROWTH = 1.4  # over what went through, once something was late
LATE = 0.15  # seconds until painted, over the way there and back and its own bytes: it waited in the line
# Seconds, bytes: what it takes to call a line slow that was not. A viewer may have slept.
VERY_LATE, TELLING = 1.0, 2000
ORDINARY = 0.25  # seconds there and back, where that is not known
LEAST_ALLOWANCE = 400  # bytes an update
# Seconds, bytes: over so long a way the second update leaves before anything is known of the line, which else would
# stand empty so long. At 28.8 kbit/s it takes half a second.
LONG_WAY, UNKNOWN = 0.1, 1800
MUCH = 50_000  # bytes under way
NO_LIMIT = 250_000  # bytes a second: a line that gives as much is not slow
FILM_LEAST, FILM_MOST = 8_000, 1_000_000  # bits of one picture of a film
FILM_SHARE, FILM_RATE = 0.7, 20  # of what a line gives; pictures a second
FILM_GROWTH = 1.02  # with each picture that came quickly: twice in a second and a half
SLOW, QUICK = 0.1, 0.05  # seconds until painted, over the quickest seen


@dataclass(frozen=True)
class Budget:
    """What an update may cost."""

    refine: int  # tiles that rest, to send exactly besides
    allowance: int | None  # bytes; 0 for as few as can be, None for any number
    film: int  # bits of one picture of a film


class Pace:
    """`beat`, `looked`, `sent`, `painted` tell what happened; `delay` says when to look next."""

    def __init__(self, now: float) -> None:
        self.refine = REFINE_START
        self.allowance: int | None = 0  # bytes that an update may carry; 0: as few as can be, None: any number
        self.trip: float | None = None  # seconds there and back, as the link knows it
        self.told = False  # the screen tells what is drawn
        self.rate = 0  # updates a second at most, 0 for FRAME's
        self._settled = False  # an update was late: growing goes by what went through
        self._rates: deque[float] = deque(maxlen=4)
        self._film = float(FILM_MOST)
        self._drawn = False
        self._restless = now - RESTLESS_FOR
        self._expected: float | None = None  # when something that rests is due
        self._under_way: dict[int, float] = {}  # seq -> when it was sent
        self._carries: dict[int, int] = {}  # seq -> bytes
        self._answered = now  # when the last update was painted
        self._last_seq = 0
        self._next_frame = now
        self._looked = now - IDLE
        self._cost = 0.0
        self._lively = now
        self._beaten = now - EAGER_FOR
        self._quickest = float("inf")
        self._behind = False

    def beat(self, now: float) -> None:
        """The technician did something that the screen may answer."""
        self._beaten = self._lively = now

    @property
    def budget(self) -> Budget:
        return Budget(self.refine, self.allowance, int(self._film))

    def drawn(self) -> None:
        """The screen tells that it shows something new."""
        self._drawn = True

    def looking(self) -> None:
        """What was drawn until now will be seen."""
        self._drawn = False

    def restless(self, now: float) -> None:
        """The pointer moves."""
        self._restless = now

    def expect(self, at: float | None) -> None:
        """When something will have rested long enough to be refined; None for nothing."""
        self._expected = at

    def looked(self, now: float, cost: float, changed: bool) -> None:
        """The screen was looked at, which took `cost` seconds of work. Only looks that found nothing are counted as
        what looking costs: what is found is paced by painting."""
        self._looked = now
        if changed:
            self._lively = now
        else:
            self._cost += (cost - self._cost) / 4

    def sent(self, now: float, seq: int) -> None:
        self._under_way[seq] = now
        self._last_seq = seq
        if self.allowance == 0 and self.trip is not None and self.trip >= LONG_WAY:
            self.allowance = UNKNOWN
        spacing = max(FRAME, 1 / self.rate if self.rate else 0.0)
        self._next_frame = max(self._next_frame + spacing, now + (spacing if self.rate else 0.0))

    def carried(self, seq: int, size: int) -> None:
        """All of update `seq` has been handed over: so many bytes."""
        if seq in self._under_way:
            self._carries[seq] = size

    def painted(self, now: float, seq: int) -> None:
        """Update `seq`, and so all before it, is before the eye. Raises PeerBroke if it was never sent."""
        if seq > self._last_seq:
            raise PeerBroke("The other end says that it painted a picture which was never sent.")
        if seq in self._under_way:
            sent = self._under_way[seq]
            size = sum(self._carries.get(s, 0) for s in self._under_way if s <= seq)
            self._measure(now - sent, size, now - max(min(self._under_way.values()), self._answered))
            self._weigh(now - sent)
            self._answered = now
        for done in [s for s in self._under_way if s <= seq]:
            del self._under_way[done]
            self._carries.pop(done, None)

    def restart(self) -> None:
        """What is under way belongs to a picture that is no more; it will be painted or not, and counts no longer."""
        self._under_way.clear()
        self._carries.clear()

    def delay(self, now: float) -> float | None:
        """Seconds until the next look: 0 for now, None while no update may be sent."""
        if len(self._under_way) >= self._most(now):
            return None
        if self.told and self._drawn:
            return max(0.0, self._next_frame - now)
        interval, share = self._interval(now)
        due = self._looked + max(interval, self._cost / share)
        if self.told and self._expected is not None:
            due = min(due, max(self._expected, self._looked + max(LIVELY, self._cost / BUSY_SHARE)))
        due = max(due, self._next_frame)
        return max(0.0, due - now)

    def _most(self, now: float) -> int:
        """Updates that may be under way: a long line holds some, one that is behind gets no more than two, and one that
        holds a large one for long none besides."""
        trip = ORDINARY if self.trip is None else self.trip
        if sum(self._carries.values()) > MUCH and now - min(self._under_way.values()) > trip + LATE:
            return 1
        if self._behind or self.allowance is not None or self._quickest == float("inf"):
            return IN_FLIGHT
        return min(MOST_IN_FLIGHT, IN_FLIGHT + int(self._quickest / FRAME))

    def _interval(self, now: float) -> tuple[float, float]:
        if self.told:
            return (LIVELY if now - self._restless < RESTLESS_FOR else AT_REST), BUSY_SHARE
        if now - self._beaten < EAGER_FOR:
            return EAGER, BUSY_SHARE
        if now - self._lively < LIVELY_FOR:
            return LIVELY, BUSY_SHARE
        return IDLE, IDLE_SHARE

    def _measure(self, took: float, size: int, interval: float) -> None:
        """`size` bytes were painted in `interval` seconds, the last of them `took` seconds after it was sent."""
        if not size:
            return
        if size >= TELLING:
            self._afford(took, size, interval)
        trip = ORDINARY if self.trip is None else self.trip
        over = took - trip - (size / max(self._rates) if self._rates else 0.0)
        if self.allowance is None and (over < VERY_LATE or size < TELLING):
            return
        used = self.allowance is not None and size >= self.allowance / 2
        if not (used or over > LATE):
            return
        self._rates.append(size / max(interval, 0.001))  # what the line gives at least
        hold = max(HOLD, HOLD_TRIPS * trip)
        carried = max(self._rates) * hold
        if over > LATE:
            self._settled, allowance = True, carried
        elif self._settled:
            allowance = GROWTH * carried
        else:
            allowance = max(2 * (self.allowance or 0), size / max(took, 0.001) * hold)
        self.allowance = max(int(allowance), LEAST_ALLOWANCE) if allowance < NO_LIMIT * hold else None
        if self.allowance is None:
            self._settled = False
            self._rates.clear()

    def _afford(self, took: float, size: int, interval: float) -> None:
        """A film gets a share of what the line gives, and slowly more where nothing waits."""
        if took > self._quickest + LATE:
            self._film = max(FILM_LEAST, 8 * size / max(interval, 0.001) * FILM_SHARE / FILM_RATE)
        else:
            self._film = min(FILM_MOST, self._film * FILM_GROWTH)

    def _weigh(self, took: float) -> None:
        self._quickest = min(self._quickest, took)
        self._behind = took > self._quickest + QUICK
        if took > self._quickest + SLOW:
            self.refine = max(REFINE_LEAST, self.refine // 2)
        elif took < self._quickest + QUICK:
            self.refine = min(REFINE_MOST, self.refine * 2)
