r"""The one door through which text from the other side reaches a screen.

Law: what comes out of `printable` holds no character that a terminal, a toolkit or the bidirectional algorithm obeys
instead of showing. Such a character is shown as its escape (`\x1b`, `\u202e`), so a forged name looks forged instead
of looking like another name. Marks are not stacked without end, and the width is bounded.

Decided against: dropping such characters silently (two different names would look alike), and `str.isprintable`
(it lets U+3164 and U+2800 pass, which print as nothing).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

CELLS = 200  # a line of text; callers with less room say so
MARKS = 3  # combining marks on one letter: the most that a living orthography stacks (Vietnamese 2, Hebrew 3)
CUT = "…"

# Cc control, Cf format (bidi controls, zero-width, tags, soft hyphen), Cs surrogate, Co private, Cn unassigned,
# Zl and Zp line and paragraph separators.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show as nothing (Default_Ignorable_Code_Point outside Cf, and the empty braille pattern).
# Variation selectors are left out: an emoji needs them, and they hide nothing, since they follow what they vary.
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def printable(text: str, limit: int = CELLS, *, lines: bool = False) -> str:
    """`text` fit to be shown: at most `limit` terminal cells, cut with an ellipsis.

    With `lines`, line breaks (also CR LF and a lone CR) stay as line feeds, and `limit` counts all lines together.
    """
    room = max(limit, 0)
    shown: list[str] = []
    for piece, cells in _pieces(text, lines):
        if cells > room:
            return _cut(shown, room)
        shown.append(piece)
        room -= cells
    return "".join(shown)


def cells(text: str) -> int:
    """Terminal cells that `text`, already printable, takes on one line."""
    return sum(_width(c) for c in text)


def _pieces(text: str, lines: bool) -> Iterator[tuple[str, int]]:
    marks = 0
    after_return = False
    for c in text:
        if lines and c in "\r\n":
            if not (c == "\n" and after_return):
                yield "\n", 0
            after_return, marks = c == "\r", 0
            continue
        after_return = False
        marks = marks + 1 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me") else 0
        piece = _escape(c) if marks > MARKS else _show(c)
        yield piece, cells(piece)


def _show(c: str) -> str:
    if " " <= c <= "~":
        return c
    category = unicodedata.category(c)
    if category == "Zs":
        return " "  # a space of any width is a space; U+00A0 and its kin are the usual way to fake an alignment
    if c == "\t":
        return " "
    return _escape(c) if category in _OBEYED or c in _EMPTY else c


def _escape(c: str) -> str:
    number = ord(c)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _width(c: str) -> int:
    if " " <= c <= "~":
        return 1
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _cut(shown: list[str], room: int) -> str:
    while shown and room < 1:
        room += cells(shown.pop())
    return "".join(shown) + CUT if room >= 1 else ""
