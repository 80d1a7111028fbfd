"""`3:/var/log`: how a path of a customer's computer is written on a command line.

    3:PATH      in session 3
    NAME:PATH   in the open session of the customer of that name
    :PATH       in the only open session
    ./a:b       a file of this computer whose name has a colon; so is anything with a slash before its first colon
    C:\\x       a file of this computer: one letter is a drive

PATH is as the customer's computer writes it: absolute, or below the customer's home; nothing at all is the home.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rs_cli.state.book import Book, Entry
from rs_relay.errors import NoSuchSession, UsageError
from rs_relay.text import printable

SHOWN = 40  # cells of what was typed, in an error
_FORM = re.compile(r"(?P<where>[^:/\\]*):(?P<path>.*)", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Remote:
    """`session` None: the only open one, or that of the customer called `name`."""

    session: int | None
    path: str
    name: str = ""

    def pick(self, book: Book) -> Entry:
        """Raises NoSuchSession, SessionEnded, or UsageError when several could be meant."""
        if not self.name:
            return book.pick(self.session)
        wanted = self.name.casefold()
        found = [entry for entry in book.open_entries() if entry.customer.casefold() == wanted]
        shown = printable(self.name, SHOWN)
        if not found:
            raise NoSuchSession(
                f"You hold no open session with '{shown}'.",
                f"`rs sessions list` has their numbers. A file of this computer with a colon: ./{shown}:…",
            )
        if len(found) > 1:
            numbers = ", ".join(str(entry.number) for entry in found)
            raise UsageError(f"Several sessions are with '{shown}' ({numbers}).", "Say which one, by its number.")
        return found[0]


def parse(text: str) -> Remote | None:
    """What `text` names at a customer's; None for a path of this computer."""
    form = _FORM.fullmatch(text)
    if form is None or _DRIVE.fullmatch(form["where"]):
        return None
    where, path = form["where"], form["path"]
    if where.isascii() and where.isdigit():
        return Remote(int(where), path)
    return Remote(None, path, where)


def need(text: str, verb: str) -> Remote:
    """The same where only a customer's path makes sense. Raises UsageError."""
    remote = parse(text)
    if remote is None:
        raise UsageError(f"'{printable(text, SHOWN)}' is no path of a customer's.", f"`rs {verb} 3:{text[:SHOWN]}`")
    return remote
