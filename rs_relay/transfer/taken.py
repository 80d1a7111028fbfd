"""Two names of one batch that are one name on this disk: `A` and `a` where case is folded, an é that is one character
or two on every disk (`names` makes them one). A batch that replaces what is here must not replace its own files.

Without `overwrite` no name is taken twice, whoever took it. With it, the second gets the number that it would have got:

    A ▸ A (replaces what was here before)      a ▸ a (1) (of which nothing was here)      a again ▸ a (1)

Only what may meet another is remembered, 100 bytes a name: nothing of plain names on a disk that tells A from a.
"""

from __future__ import annotations

import itertools
import os
import secrets
import unicodedata

from rs_relay.transfer.folder import Folder
from rs_relay.transfer.names import PART_PREFIX, numbered

FOLDERS = 4096  # of which it is remembered whether they fold


class Taken:
    """The names that one batch uses."""

    def __init__(self) -> None:
        self._owners: dict[int, int] = {}  # hash of folder and name here -> hash of the name that was sent
        self._folds: dict[tuple[int, int], bool] = {}

    def name(self, folder: Folder, sent: str, final: str) -> str:
        """What `sent` is called in that folder: `final`, if no other of this batch is. Raises OSError."""
        found = folder.here()
        here = (found.st_dev, found.st_ino)
        folds = self._folding(folder, here)
        if not folds and sent.isascii():
            return final
        owner = hash(sent)
        for number in itertools.count():
            name = numbered(final, number)
            spot = hash((here, _folded(name) if folds else name))
            if spot not in self._owners and number and _is_there(folder, name):
                continue
            if self._owners.setdefault(spot, owner) == owner:
                return name
        raise AssertionError("unreachable")

    def _folding(self, folder: Folder, here: tuple[int, int]) -> bool:
        if here not in self._folds:
            if len(self._folds) >= FOLDERS:
                self._folds.clear()
            self._folds[here] = folds_case(folder)
        return self._folds[here]


def folds_case(folder: Folder) -> bool:
    """Whether a name and the same in other letters are one there: asked by a file that is there for a moment, since
    what is there already may have been given both names. Raises OSError."""
    name = PART_PREFIX + secrets.token_hex(8)
    try:
        os.close(folder.create(name))
    except OSError:
        return False  # nothing can be written: whoever tries will say why
    try:
        return _is_there(folder, name.swapcase())
    finally:
        folder.unlink(name)


def _is_there(folder: Folder, name: str) -> bool:
    try:
        folder.stat(name)
    except FileNotFoundError:
        return False
    return True


def _folded(name: str) -> str:
    """The widest that disks fold: who is kept apart from another without need loses nothing but a plain name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
