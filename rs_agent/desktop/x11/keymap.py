"""A keyboard as XKB describes it, and the question asked of it: how is this keysym typed now? Pure.

A key has up to four *groups* (layouts), a group has *levels*, and the key's *type* says which modifiers choose which
level. The core protocol's flat table cannot be read for this: where group 2's third level stands in it depends on the
widest key of the whole map.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

SHIFT, LOCK, CONTROL, MOD1 = 1, 2, 4, 8  # real modifiers; Mod2 to Mod5 are 16 to 128

# Modifiers that act while they are held, and so may be pressed for one key: Shift, Level 3 (AltGr), Level 5.
_PASSING = (0xFFE1, 0xFFE2, 0xFE03, 0xFE11)


@dataclass(frozen=True)
class KeyType:
    """`mask` are the modifiers that this type looks at; `levels` what a set of them chooses, if not level 0."""

    mask: int
    levels: Mapping[int, int] = field(default_factory=dict)

    def choosing(self, level: int) -> tuple[int, ...]:
        """The sets of modifiers, within `mask`, that choose `level`."""
        return tuple(held for held in _subsets(self.mask) if self.levels.get(held, 0) == level)


@dataclass(frozen=True)
class Key:
    """`groups[g]` is the type of group g and `symbols[g]` its keysyms, one a level (0 for none)."""

    groups: tuple[KeyType, ...]
    symbols: tuple[tuple[int, ...], ...]
    out_of_range: int = 0  # groupInfo of the protocol: what a group that the key lacks means

    def group(self, number: int) -> int:
        """The group of this key that the keyboard's group `number` (0 to 3) means (XKB protocol, section 11.1.1)."""
        count = len(self.groups)
        if number < count:
            return number
        rule = self.out_of_range & 0xC0
        if rule == 0x40:
            return count - 1
        if rule == 0x80:
            redirected = (self.out_of_range & 0x30) >> 4
            return redirected if redirected < count else 0
        return number % count


@dataclass(frozen=True)
class Way:
    """One way to a keysym: press `keycode` while exactly one of `held` of the modifiers in `mask` is in force."""

    keycode: int
    level: int
    mask: int
    held: tuple[int, ...]


@dataclass(frozen=True)
class Keymap:
    keys: Mapping[int, Key]
    modifiers: Mapping[int, int]  # keycode: the real modifiers that it sets
    lowest: int
    highest: int

    def ways(self, keysym: int, group: int) -> Iterator[Way]:
        """How `keysym` is typed in `group`, lower levels first."""
        found = []
        for keycode in self._index.get(keysym, ()):
            key = self.keys[keycode]
            at = key.group(group)
            kind = key.groups[at]
            found += [
                Way(keycode, level, kind.mask, kind.choosing(level))
                for level, symbol in enumerate(key.symbols[at])
                if symbol == keysym
            ]
        return iter(sorted(found, key=lambda way: (way.level, way.keycode)))

    @property
    def _index(self) -> Mapping[int, tuple[int, ...]]:
        known: Mapping[int, tuple[int, ...]] | None = self.__dict__.get("_by_symbol")
        if known is None:
            made: dict[int, list[int]] = {}
            for keycode, key in self.keys.items():
                for symbol in {symbol for symbols in key.symbols for symbol in symbols if symbol}:
                    made.setdefault(symbol, []).append(keycode)
            known = {symbol: tuple(codes) for symbol, codes in made.items()}
            self.__dict__["_by_symbol"] = known  # frozen, and made once: not part of what the map is
        return known

    def first(self, keycode: int) -> int:
        """What `keycode` means by itself in the first group; 0 for nothing."""
        key = self.keys.get(keycode)
        return key.symbols[0][0] if key is not None and key.symbols[0] else 0

    def without(self, keycodes: Collection[int]) -> Keymap:
        """This map as if `keycodes` meant nothing."""
        kept = {keycode: key for keycode, key in self.keys.items() if keycode not in keycodes}
        return Keymap(kept, self.modifiers, self.lowest, self.highest)

    def passing(self) -> dict[int, int]:
        """Real modifier: a key that sets only it, and only while it is held."""
        found: dict[int, int] = {}
        for keysym in _PASSING:
            for keycode in self._index.get(keysym, ()):
                bit = self.modifiers.get(keycode, 0)
                if bit and bit & (bit - 1) == 0 and self.first(keycode) == keysym:
                    found.setdefault(bit, keycode)
        return found

    def spare(self) -> tuple[int, ...]:
        """Keycodes that mean nothing. (The lowest is not used: the kernel's KEY_RESERVED.)"""
        free = (code for code in range(self.lowest + 1, self.highest + 1) if code not in self.modifiers)
        return tuple(code for code in free if code not in self.keys or not any(map(any, self.keys[code].symbols)))


def _subsets(mask: int) -> Iterator[int]:
    """Every set of modifiers within `mask`, the small ones first."""
    found, part = [0], mask
    while part:
        found.append(part)
        part = (part - 1) & mask
    return iter(sorted(found, key=lambda held: (held.bit_count(), held)))
