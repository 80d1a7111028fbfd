"""How often an access code may be tried at this device: five times, then once in ten minutes, each wait longer.

Law: a try is on the disk before it is looked at; neither a restart nor a clock that is set back gives one more. There
is no lock for good: who tries on and on keeps the owner out for minutes, never for ever. At 144 tries a day a code of
ten digits falls in a day with a probability of 1.4e-8 (SECURITY-DESIGN 2.5).

    tokens    5 at most, one more each 10 minutes; a try takes one, a right code gives it back
    failures  in a row; after the n-th no try is looked at for 2^n seconds, 5 minutes at most
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rs_agent.machine.disk import keep
from rs_agent.unattended.identity import read_private

FILE = "unattended-tries.json"
TOKENS, REFILL = 5.0, 600.0  # tries, seconds for one more
LONGEST = 300.0  # seconds of pause after a wrong code


class State(msgspec.Struct, frozen=True):
    tokens: float
    failures: int
    at: float  # of the last change, by the wall's clock


class GuessLimit:
    """`rs_relay.link.unattended.Tries`, in a file of `state`. One process has it at a time."""

    def __init__(self, state: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = state / FILE
        self._clock = clock

    def wait(self) -> float:
        now = self._clock()
        return self._wait(self._now(now), now)

    def spend(self) -> bool:
        now = self._clock()
        state = self._now(now)
        if self._wait(state, now):
            return False
        self._write(State(state.tokens - 1, state.failures + 1, now))
        return True

    def right(self) -> None:
        now = self._clock()
        self._write(State(min(TOKENS, self._now(now).tokens + 1), 0, now))

    @property
    def failures(self) -> int:
        """Wrong codes since the last right one."""
        return self._now(self._clock()).failures

    def _wait(self, state: State, now: float) -> float:
        empty = max(0.0, (1 - state.tokens) * REFILL)
        pause = min(2.0**state.failures, LONGEST) if state.failures else 0.0
        return max(0.0, empty, state.at + pause - now)

    def _now(self, now: float) -> State:
        """The state as it is at `now`. Its `at` stays, unless the clock was set back before it: then nothing passed."""
        data = read_private(self._file)
        if data is None:
            return State(TOKENS, 0, now - LONGEST)
        try:
            state = msgspec.json.decode(data, type=State)
        except msgspec.DecodeError:
            state = State(0.0, 1, now)  # it was whole when it was written: somebody has been at it
            self._write(state)
        if now < state.at:
            state = State(state.tokens, state.failures, now)
            self._write(state)
        grown = min(TOKENS, max(0.0, state.tokens) + (now - state.at) / REFILL)
        return State(grown, state.failures, state.at)

    def _write(self, state: State) -> None:
        keep(self._file, msgspec.json.encode(state))
