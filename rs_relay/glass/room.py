"""What of a line of words fits into a width: facts give way by their weight, then the text is cut. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

BETWEEN = "   ·   "
GAP = 24  # pixels between the text and the facts
LEAST = 0.45  # of the room: what the text has before facts stay


@dataclass(frozen=True)
class Fact:
    """The lightest give way first."""

    text: str
    weight: int


def fitting(text: str, facts: Sequence[Fact], room: int, width: Callable[[str], int]) -> tuple[str, str]:
    """The text, and the facts joined, that stand beside each other in `room` pixels; `width` measures words."""
    kept = [fact for fact in facts if fact.text]
    wanted = min(width(text), int(room * LEAST))
    while kept and wanted + GAP + width(BETWEEN.join(fact.text for fact in kept)) > room:
        kept.remove(min(kept, key=lambda fact: fact.weight))
    joined = BETWEEN.join(fact.text for fact in kept)
    return cut(text, room - (GAP + width(joined) if joined else 0), width), joined


def cut(text: str, room: int, width: Callable[[str], int]) -> str:
    """As much of the text as fits, with an ellipsis for the rest."""
    if width(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle].rstrip() + "…") <= room else (low, middle - 1)
    return text[:low].rstrip() + "…" if low else ""
