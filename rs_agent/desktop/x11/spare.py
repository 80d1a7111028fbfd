"""Keys of our own: keycodes that mean nothing on this keyboard, lent a meaning while somebody needs it.

A client looks a key up when it comes to the event, which may be long after it was sent. So a meaning is kept for as
long as possible: the key that was used longest ago is the next to get another, and none before REUSE_AFTER.
There are about 18 such keys on a PC keyboard under Xorg, so this is also what bounds typing of, say, Chinese.

What is lent is written on the root window, one property per borrower, so that the next rs-agent can give back what
one that was killed could not. `Spare` is pure (the clock is handed in); `Ledger` is the property.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from Xlib import X, Xatom
from Xlib import error as xerror

# Seconds. At 0.25 a text field that stopped to load a font for a new script, on two busy cores, read the next meaning
# instead (seen once in a hundred texts). At 1 s the 18 keys still give 18 new characters a second: no person, and no
# input method, types faster, and what is pasted goes by the clipboard.
REUSE_AFTER = 1.0

Meaning = tuple[int, int]  # keysyms without and with Shift


@dataclass
class _Lent:
    meaning: Meaning | None
    used: float


class Spare:
    """Which of our keys means what. The one used longest ago comes first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[int, _Lent] = OrderedDict()

    @property
    def lent(self) -> dict[int, Meaning]:
        return {code: key.meaning for code, key in self._keys.items() if key.meaning is not None}

    def update(self, free: Iterable[int], now_mean: dict[int, Meaning]) -> None:
        """The keyboard changed: `free` means nothing now, `now_mean` is what it says our lent keys mean."""
        free = set(free)
        for code, key in list(self._keys.items()):
            ours_still = code in free if key.meaning is None else now_mean.get(code) == key.meaning
            if not ours_still:
                del self._keys[code]
        for code in sorted(free):  # (so the highest comes first: the low ones are likelier to be a real key)
            if code not in self._keys:
                self._keys[code] = _Lent(None, float("-inf"))
                self._keys.move_to_end(code, last=False)

    def find(self, meaning: Meaning, now: float) -> int | None:
        """The key that has `meaning`; it counts as used."""
        for code, key in self._keys.items():
            if key.meaning == meaning:
                self._use(code, now)
                return code
        return None

    def claim(self, meaning: Meaning, now: float, busy: Collection[int]) -> int | None:
        """The key that is to get `meaning`; None while all others are too fresh or `busy`."""
        for code, key in self._keys.items():
            if code not in busy and key.used + REUSE_AFTER <= now:
                key.meaning = meaning
                self._use(code, now)
                return code
        return None

    def _use(self, code: int, now: float) -> None:
        self._keys[code].used = now
        self._keys.move_to_end(code)

    def until_free(self, now: float, busy: Collection[int]) -> float | None:
        """Seconds until `claim` can succeed; None if it never will."""
        times = [key.used for code, key in self._keys.items() if code not in busy]
        return max(0.0, min(times) + REUSE_AFTER - now) if times else None


_PREFIX = "_RS_LENT_KEYS_"


class Ledger:
    """What is lent, written where it survives us: (window, then keycode and two keysyms for each key lent).

    The window lives exactly as long as its borrower. Its number does not prove that, since numbers are used again: it
    carries the entry's name.
    """

    def __init__(self, opened: Any) -> None:
        self._display = opened
        self._root = opened.screen().root
        self._window = self._root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self._atom = opened.intern_atom(f"{_PREFIX}{secrets.token_hex(4)}")
        self._window.change_property(self._atom, Xatom.CARDINAL, 32, [1])

    def write(self, lent: dict[int, Meaning]) -> None:
        flat = [number for code, meaning in lent.items() for number in (code, *meaning)]
        self._root.change_property(self._atom, Xatom.CARDINAL, 32, [self._window.id, *flat])

    def clear(self) -> None:
        self._root.delete_property(self._atom)

    def orphans(self) -> dict[int, Meaning]:
        """What borrowers that are gone have left behind; their entries are struck out."""
        found: dict[int, Meaning] = {}
        for atom in self._root.list_properties():
            if atom == self._atom or not str(self._display.get_atom_name(atom)).startswith(_PREFIX):
                continue
            entry = self._root.get_full_property(atom, Xatom.CARDINAL)
            window, *numbers = (list(entry.value) if entry is not None else []) or [0]
            if not self._alive(window, atom):
                found |= {code: (plain, shifted) for code, plain, shifted in zip(*[iter(numbers)] * 3, strict=False)}
                self._root.delete_property(atom)
        return found

    def _alive(self, window: int, atom: int) -> bool:
        try:
            borrower = self._display.create_resource_object("window", window)
            return borrower.get_full_property(atom, Xatom.CARDINAL) is not None
        except xerror.BadWindow:
            return False
