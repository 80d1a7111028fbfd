"""The TAB key on a path of a customer's: what is in the folder that is being named.

Law: it asks the customer nothing. A folder is looked into only while `files` is in force (the consent channel tells),
within TIME, and what it held is good for a moment, so that the next TAB is instant. Whatever goes wrong, there is
nothing to offer. A name with anything in it that a terminal obeys is not offered.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from rs_cli.command_line.remote import parse
from rs_cli.state.book import Book, Entry
from rs_cli.state.private import private_dir, read_private, state_dir, write_private
from rs_relay.errors import RsError
from rs_relay.text import printable

TIME = 1.5  # seconds for a customer's answer: a person who pressed TAB waits no longer
FRESH = 5.0  # seconds for which an answer is good
MOST = 2000  # offered at once: more than anybody reads


def offered(word: str, session: str = "") -> list[str]:
    """What `word` may become: `3:Doc` a path with its session, or in `session`, where a word before has named it."""
    try:
        remote = parse(word)
        if remote is not None:
            entry, path, prefix = remote.pick(Book()), remote.path, word[: word.index(":") + 1]
        elif session.isascii() and session.isdigit():
            entry, path, prefix = Book().pick(int(session)), word, ""
        else:
            return []
        return _paths(entry, path, prefix)
    except (RsError, OSError, TimeoutError, msgspec.DecodeError):
        return []


def _paths(entry: Entry, path: str, prefix: str) -> list[str]:
    """What is in the folder that `path` is in, as far as it begins like it."""
    folder, begun = _cut(path)
    found = []
    for name, is_folder in _listed(entry, folder):
        if not name.startswith(begun) or (name.startswith(".") and not begun.startswith(".")):
            continue
        if printable(name, 4 * len(name)) != name or "\t" in name:
            continue
        found.append(f"{prefix}{folder}{name}{'/' if is_folder else ''}")
    return sorted(found, key=str.casefold)[:MOST]


def _cut(path: str) -> tuple[str, str]:
    if path == "~":
        return "~/", ""
    at = path.rfind("/") + 1
    return path[:at], path[at:]


def _listed(entry: Entry, folder: str) -> list[tuple[str, bool]]:
    cache = private_dir(state_dir() / "completion")
    _forget_old(cache)
    mark = hashlib.sha256(f"{entry.number}\0{entry.host}\0{entry.created}\0{folder}".encode()).hexdigest()[:32]
    kept_data = read_private(cache / mark)
    if kept_data is not None:
        return msgspec.json.decode(kept_data, type=list[tuple[str, bool]])
    found = asyncio.run(_ask(entry, folder))
    with suppress(RsError):
        write_private(cache / mark, msgspec.json.encode(found))
    return found


def _forget_old(cache: Path) -> None:
    for file in cache.iterdir():
        with suppress(OSError):
            if not 0 <= time.time() - file.stat().st_mtime < FRESH:
                file.unlink()


async def _ask(entry: Entry, folder: str) -> list[tuple[str, bool]]:
    """(name, is a folder); nothing where that would take a question to the customer."""
    from rs_cli.features.consent import Consent
    from rs_cli.features.folders import Folders
    from rs_cli.session.technician import open_session
    from rs_relay.channels.consent import Grant
    from rs_relay.channels.folders import Kind
    from rs_relay.link.spec import Permission

    async with asyncio.timeout(TIME), open_session(entry.number, timeout=TIME) as session:
        consent = Consent()
        state = await session.during(consent, consent.known())
        if state.grants.get(Permission.FILES) is not Grant.GRANTED:
            return []
        folders = Folders()
        answer = await session.during(folders, folders.list(folder))
        things = [thing for thing in answer.things if printable(thing.name, 4 * len(thing.name)) == thing.name]
        return [(thing.name, thing.entry.kind is Kind.FOLDER) for thing in things]
