"""Changes of a desktop that hold for as long as somebody wants them, and are put back whatever happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

PURPOSES = ("appearance", "privacy")


class Change(StrEnum):
    """What weighs on the person at the computer comes first, and is put back first."""

    BLOCK = "block"  # the keyboards and mice of the person at the computer do nothing
    BLANK = "blank"  # nothing is to be seen on the screen itself, though grabs of it show everything
    WALLPAPER = "wallpaper"  # hidden behind one colour
    EFFECTS = "effects"  # shadows, animations: stopped


PRIVATE = frozenset({Change.BLOCK, Change.BLANK})  # what the person at the computer can end by keys


@dataclass(frozen=True)
class Kept:
    """What holds now; of what is wanted and does not hold, why. `ended`: the person at the computer has ended it with
    the keys for that; it stays ended until it is no longer wanted."""

    in_force: frozenset[Change] = frozenset()
    cannot: Mapping[Change, str] = field(default_factory=dict)
    ended: bool = False


class Keeper(Protocol):
    """Returns at once from everything; whoever made it is told, from another thread, what has become of it."""

    def want(self, changes: frozenset[Change]) -> None:
        """What is to hold from now on, all of it."""
        ...

    def close(self) -> None:
        """Everything is put back, within a moment, even if this process ends now."""
        ...
