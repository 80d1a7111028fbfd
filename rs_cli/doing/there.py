"""The customer's paths on a command line, taken to their sessions one after the other.

`3:a 3:b 4:c`, or `3 a b` where the first word is a session's number. As the shell's tools do it, a path that fails is
told on standard error and the others go on; the exit status is that of the first failure.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rs_cli.command_line.remote import Remote, need
from rs_cli.doing.reach import reach
from rs_cli.features.folders import Folders
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_relay.errors import ConnectionLost, RsError, SessionEnded, SignInNeeded, Unreachable
from rs_relay.text import printable

WILD = "*?["
SHOWN = 100  # cells of a path in a failure
# These are of the session, not of one path in it: the rest would fail as well.
_SESSION = (Unreachable, SessionEnded, SignInNeeded)


@dataclass(frozen=True)
class There:
    """A path in a session that has been reached."""

    folders: Folders
    session: int
    path: str


class Trouble:
    """What failed, path by path."""

    def __init__(self, as_json: bool) -> None:
        self.status = 0
        self._json = as_json

    def tell(self, path: str, error: RsError, session: int) -> None:
        self.status = self.status or error.exit_status
        hint = error.hint.replace("SESSION", str(session))
        if self._json:
            fields = {"code": error.code, "message": error.message, "hint": hint, "path": path}
            output.data({"error": fields})
            return
        place = f"{printable(path, SHOWN)}: " if path else ""
        output.complain(f"rs: {place}{printable(error.message)}")
        if hint:
            output.complain(f"    {printable(hint)}")


def paths(words: list[str], verb: str) -> list[Remote]:
    """Raises UsageError for what is no path of a customer's."""
    first, *rest = words
    if first.isascii() and first.isdigit():
        return [Remote(int(first), word) for word in rest or [""]]
    return [need(word, verb) for word in words]


async def each(
    remotes: list[Remote], timeout: float, work: Callable[[There], Awaitable[None]], trouble: Trouble
) -> None:
    """`work` for each path in turn. What is wrong with a session as a whole is raised."""
    book = Book()
    placed = [(remote.pick(book).number, remote.path) for remote in remotes]
    for session, group in itertools.groupby(placed, key=lambda place: place[0]):
        folders = Folders()
        async with reach(session, timeout) as open_session:
            await open_session.during(folders, _each(folders, session, [path for _, path in group], work, trouble))


async def _each(
    folders: Folders, session: int, wanted: list[str], work: Callable[[There], Awaitable[None]], trouble: Trouble
) -> None:
    for path in wanted:
        try:
            await work(There(folders, session, path))
        except _SESSION as e:
            if not isinstance(e, ConnectionLost):
                raise
            trouble.tell(path, e, session)
        except RsError as e:
            trouble.tell(path, e, session)


def carry_out(
    words: list[str], verb: str, timeout: float, work: Callable[[There], Awaitable[None]], as_json: bool
) -> int:
    """The exit status."""
    trouble = Trouble(as_json)
    asyncio.run(each(paths(words, verb), timeout, work, trouble))
    return trouble.status


def wild(path: str) -> bool:
    return any(sign in path for sign in WILD)


async def expanded(there: There) -> list[str]:
    """The paths that a pattern stands for; a path without one is itself."""
    if not wild(there.path):
        return [there.path]
    return [thing.name for thing in (await there.folders.glob(there.path)).things]
