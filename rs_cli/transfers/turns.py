"""Whose turn it is. Pure.

    join ──▸ waits ──(its turn)──▸ runs ──▸ leave
               │ ▲                  │
          hold │ │ release     hold │
               ▼ │                  │
              held ◂────────────────┘

At most `at_once` run; the others wait in order. One that is held gives up its turn and keeps its place.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    def __init__(self, at_once: int = 1) -> None:
        self.at_once = at_once
        self.order: list[T] = []  # all that have not left
        self._running: list[T] = []
        self._held: list[T] = []

    def join(self, one: T) -> None:
        self.order.append(one)

    def leave(self, one: T) -> None:
        for group in (self.order, self._running, self._held):
            if one in group:
                group.remove(one)

    def hold(self, one: T) -> None:
        if one in self.order and one not in self._held:
            self._held.append(one)
            if one in self._running:
                self._running.remove(one)

    def release(self, one: T) -> None:
        if one in self._held:
            self._held.remove(one)

    def is_held(self, one: T) -> bool:
        return one in self._held

    def is_running(self, one: T) -> bool:
        return one in self._running

    @property
    def running(self) -> list[T]:
        return list(self._running)

    def move(self, one: T, steps: int | None) -> None:
        """`steps` places down (negative: up), or to the front with None. What runs already is not stopped for it."""
        if one not in self.order:
            return
        at = self.order.index(one)
        self.order.remove(one)
        self.order.insert(0 if steps is None else max(0, min(len(self.order), at + steps)), one)

    def due(self) -> list[T]:
        """Those whose turn has come now; from here on they run."""
        begun: list[T] = []
        for one in self.order:
            if len(self._running) >= self.at_once:
                break
            if one not in self._running and one not in self._held:
                self._running.append(one)
                begun.append(one)
        return begun
