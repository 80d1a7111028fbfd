"""From what is wanted to what holds: makes the changes, looks after them, and puts them back.

The law: what a change takes away is on the disk before it is taken away, and stays there until it has been put back.
Blocking is all or nothing; another change holds if any of its means took hold. Whatever goes wrong with one means is a
sentence for the technician and nothing to the others.

No clock and no process here: `__main__` has them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from Xlib import error as xerror

from rs_agent.desktop.keeping import PRIVATE, Change
from rs_agent.desktop.x11.keeper.lines import Told
from rs_agent.desktop.x11.keeper.record import Saved
from rs_relay.errors import LocalProblem

log = logging.getLogger(__name__)
Before = dict[str, object]
_BROKE = (LocalProblem, xerror.XError, KeyError, TypeError, ValueError, AttributeError)


class Means(Protocol):
    """One way to bring a change about. `before` is what to put back, as JSON can say it. Raises LocalProblem."""

    of_server: bool  # whether what it changes is gone with the X server
    retried: bool  # whether it is worth trying again, turn after turn, after it could not

    def before(self) -> Before: ...

    def make(self, before: Before) -> Before:
        """Returns what is to be put back, which is more than `before` where it found more."""
        ...

    def upkeep(self, before: Before) -> Before: ...

    def undo(self, before: Before) -> None:
        """May be called for what was never made."""
        ...


class Paper(Protocol):
    """Where `Saved` lies, see `record.Record`."""

    def read(self) -> list[Saved]: ...

    def write(self, saved: list[Saved]) -> None: ...


class Keeper:
    """`means`: the ways to each change, by names of their own. `server` names this run of the X server."""

    def __init__(self, means: Mapping[Change, Mapping[str, Means]], paper: Paper, server: str = "") -> None:
        self._means, self._paper, self._server = means, paper, server
        self._all = {name: way for ways in means.values() for name, way in ways.items()}
        self._saved: dict[str, Before] = {}
        self._cannot: dict[Change, str] = {}
        self._failed: set[str] = set()
        self._refused: frozenset[Change] = frozenset()  # ended by the person here

    def mend(self) -> None:
        """Puts back what an earlier keeper left."""
        for saved in self._paper.read():
            way = self._all.get(saved.means)
            if way is not None and not (way.of_server and saved.server != self._server):
                self._undo(way, saved.before)
        self._paper.write([])

    def want(self, changes: frozenset[Change]) -> None:
        """Makes these, puts back the others, and looks after what holds."""
        self._refused &= changes
        for change in Change:
            if change in changes and change not in self._refused:
                self._hold(change)
            else:
                self._cannot.pop(change, None)
                self._release(change)

    def end(self) -> None:
        """The person at the computer wants to see and to work again."""
        self._refused = PRIVATE
        for change in PRIVATE:
            self._release(change)

    def told(self) -> Told:
        holds = self._in_force()
        return Told(tuple(sorted(holds)), {c: why for c, why in self._cannot.items() if c not in holds},
                    bool(self._refused))  # fmt: skip

    @property
    def private(self) -> bool:
        """Whether a way out must be offered."""
        return bool(PRIVATE & self._in_force())

    def _in_force(self) -> frozenset[Change]:
        return frozenset(c for c, ways in self._means.items() if any(name in self._saved for name in ways))

    def _hold(self, change: Change) -> None:
        for name, way in self._means.get(change, {}).items():
            try:
                if name in self._saved:
                    self._keep(name, way.upkeep(self._saved[name]))
                    continue
                if name in self._failed and not way.retried:
                    continue
                before = way.before()
                self._keep(name, before)
                self._keep(name, way.make(before))
                self._cannot.pop(change, None)
            except _BROKE as e:
                self._cannot[change] = e.message if isinstance(e, LocalProblem) else "The desktop did not do it."
                self._release_one(name, way)
                self._failed.add(name)
        if change not in self._means:
            self._cannot[change] = "This computer cannot do that."

    def _release(self, change: Change) -> None:
        for name, way in self._means.get(change, {}).items():
            self._release_one(name, way)
            self._failed.discard(name)

    def _release_one(self, name: str, way: Means) -> None:
        if name in self._saved:
            self._undo(way, self._saved[name])
            del self._saved[name]
            self._write()

    def _undo(self, way: Means, before: Before) -> None:
        with suppress(*_BROKE):  # the rest is put back all the same
            way.undo(before)

    def _keep(self, name: str, before: Before) -> None:
        if self._saved.get(name) is not before:
            self._saved[name] = before
            self._write()

    def _write(self) -> None:
        self._paper.write([Saved(n, b, self._server if self._all[n].of_server else "") for n, b in self._saved.items()])
