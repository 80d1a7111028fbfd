"""Shift and AltGr for the length of one character: pressed where they are missing, let go where they spoil it.

Pure: it presses and lets go by calling `fake`. Everything it does is undone by `restore`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from Xlib import X


class Modifiers:
    """`base` is in force at the start; `passing` are the keys that may be pressed, `holding` those that somebody holds
    already (keycode: the modifiers it sets)."""

    def __init__(
        self, base: int, passing: Mapping[int, int], holding: Mapping[int, int], fake: Callable[[int, int], None]
    ) -> None:
        self._base = self._now = base
        self._passing, self._holding, self._fake = passing, holding, fake
        self._pressed: dict[int, int] = {}  # modifier: the key of ours that is down for it
        self._lifted: dict[int, list[int]] = {}  # modifier: the held keys that are up for the moment

    def to(self, choices: tuple[int, ...], mask: int) -> None:
        """Brings the modifiers within `mask` to the one of `choices` that is nearest and can be had."""
        best = min(choices, key=lambda held: self._cost((held ^ self._now) & mask))
        self._change((best ^ self._now) & mask)

    def _cost(self, change: int) -> int:
        can = sum(self._passing)
        return change.bit_count() + (100 if change & ~can else 0)

    def _change(self, change: int) -> None:
        for bit, key in self._passing.items():
            if bit & change:
                (self._drop if bit & self._now else self._add)(bit, key)

    def _add(self, bit: int, key: int) -> None:
        if bit in self._lifted:
            for held in self._lifted.pop(bit):
                self._fake(X.KeyPress, held)
        else:
            self._fake(X.KeyPress, key)
            self._pressed[bit] = key
        self._now |= bit

    def _drop(self, bit: int, key: int) -> None:
        if bit in self._pressed:
            self._fake(X.KeyRelease, self._pressed.pop(bit))
        else:
            self._lifted[bit] = [held for held, bits in self._holding.items() if bits & bit]
            for held in self._lifted[bit]:
                self._fake(X.KeyRelease, held)
        self._now &= ~bit

    def restore(self) -> None:
        """What was in force at the start is in force again."""
        self._change(self._base ^ self._now)
