"""The log on Linux: systemd's journal by journalctl, or the file that syslog writes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from rs_agent.system import tools
from rs_agent.system.base import Log
from rs_relay.channels.logs import TEXT, Entry, Read
from rs_relay.errors import LocalProblem
from rs_relay.text import printable

POLL = 0.5  # seconds between two looks at a file that is followed
BACK = 64 * 1024 * 1024  # bytes that are looked through from a file's end
BLOCK = 64 * 1024
KEPT = 100_000  # lines of a file
FILES = ("var/log/syslog", "var/log/messages", "var/log/system.log")


def here(root: Path = Path("/")) -> Log:
    """Raises LocalProblem."""
    journals = [root / "var/log/journal", root / "run/log/journal"]
    if tools.there("journalctl") and any(folder.is_dir() and any(folder.iterdir()) for folder in journals):
        return Journal()
    for name in FILES:
        if (root / name).exists():
            return File(root / name)
    raise LocalProblem("There is no log on the customer's computer: neither a journal nor syslog's file.")


class Journal:
    source = "journal"

    async def read(self, wanted: Read) -> AsyncIterator[Entry]:
        async with tools.started(command(wanted)) as process:
            complains = asyncio.create_task(_complaint(process))
            try:
                async for line in tools.lines(process):
                    if entry := parse_json(line):
                        yield entry
                if await process.wait():
                    raise LocalProblem(f"The journal cannot be read: {printable(await complains) or 'no reason given'}")
            finally:
                complains.cancel()


def command(wanted: Read) -> list[str]:
    argv = ["journalctl", "--output=json", "--no-pager", "--quiet", f"--lines={wanted.lines}"]
    argv += ["--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_PID"]
    argv += [f"--since=@{wanted.since:.0f}"] if wanted.since else []
    argv += [f"--unit={wanted.unit}"] if wanted.unit else []
    argv += [f"--priority={wanted.priority}"] if wanted.priority < 7 else []
    return argv + (["--follow"] if wanted.follow else [])


def parse_json(line: bytes) -> Entry | None:
    """A line of `journalctl --output=json`. A text that is no UTF-8 is a list of numbers, one that is too long null."""
    try:
        has = json.loads(line)
    except ValueError:
        return None
    if not isinstance(has, dict):
        return None
    text = has.get("MESSAGE")
    if isinstance(text, list):
        text = bytes(byte for byte in text if isinstance(byte, int) and 0 <= byte < 256).decode("utf-8", "replace")
    return Entry(
        _number(has.get("__REALTIME_TIMESTAMP"), 0) / 1e6,
        _number(has.get("PRIORITY"), -1),
        str(has.get("SYSLOG_IDENTIFIER") or has.get("_COMM") or "")[:200],
        _number(has.get("_PID"), 0),
        str(text or "")[:TEXT],
    )


class File:
    """A log of lines, followed also when it is moved away and begun anew, or cut."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.source = str(path)
        self._path, self._now = path, now

    async def read(self, wanted: Read) -> AsyncIterator[Entry]:
        try:
            file = await asyncio.to_thread(open, self._path, "rb")
        except OSError as error:
            hint = f"With a password of that computer: `rs exec SESSION --tty -- sudo tail -f {self._path}`"
            why = os.strerror(error.errno) if error.errno else "it cannot be opened"
            raise LocalProblem(f"{self.source} cannot be read: {why}.", hint) from None
        try:
            before, end = await asyncio.to_thread(self._last, file, wanted)
            for entry in before:
                yield entry
            if wanted.follow:
                async for entry in self._follow(file, end, wanted):
                    yield entry
        finally:
            file.close()

    def _last(self, file: IO[bytes], wanted: Read) -> tuple[list[Entry], int]:
        """The last entries that are wanted, and where the file ended."""
        end = file.seek(0, io.SEEK_END)
        end -= _unfinished(file, end)
        found: list[Entry] = []
        for line in backwards(file, end):
            entry = parse_line(line, self._now())
            if wanted.since and entry.at and entry.at < wanted.since:
                break
            if len(found) >= min(wanted.lines, KEPT):
                break
            if _fits(entry, wanted):
                found.append(entry)
        return found[::-1], end

    async def _follow(self, file: IO[bytes], at: int, wanted: Read) -> AsyncIterator[Entry]:
        rest = b""
        while True:
            data = await asyncio.to_thread(_read_at, file, at)
            if data:
                at += len(data)
                *lines, rest = (rest + data).split(b"\n")
                rest = rest[-tools.LINE :]
                for line in lines:
                    entry = parse_line(line, self._now())
                    if _fits(entry, wanted):
                        yield entry
                continue
            match await asyncio.to_thread(self._changed, file, at):
                case "moved":
                    file.close()
                    file = await asyncio.to_thread(open, self._path, "rb")
                    at, rest = 0, b""
                case "cut":
                    at, rest = 0, b""
                case _:
                    await asyncio.sleep(POLL)

    def _changed(self, file: IO[bytes], at: int) -> str:
        mine = os.fstat(file.fileno())
        try:
            now = os.stat(self._path)
        except OSError:
            return ""  # between two files
        if (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino):
            return "" if mine.st_size > at else "moved"
        return "cut" if now.st_size < at else ""


_LINE = re.compile(
    r"(?P<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\S+) (?P<host>\S+) "
    r"(?P<source>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: ?(?P<text>.*)"
)


def parse_line(line: bytes, now: float) -> Entry:
    """A line of syslog (RFC 3164's, or with an ISO time). Another line is a text, and no more."""
    text = line.decode("utf-8", "replace")
    has = _LINE.match(text)
    if has is None:
        return Entry(0.0, -1, "", 0, text[:TEXT])
    return Entry(_time(has["at"], now), -1, has["source"][:200], int(has["pid"] or 0), has["text"][:TEXT])


def backwards(file: IO[bytes], end: int) -> Iterator[bytes]:
    """The lines before `end`, the last first, as far back as BACK."""
    rest, at, least = b"", end, max(0, end - BACK)
    while at > least:
        size = min(BLOCK, at - least)
        at -= size
        file.seek(at)
        first, *lines = (file.read(size) + rest).split(b"\n")
        if at + size == end and lines and not lines[-1]:
            lines.pop()  # behind the last line's own end
        yield from reversed(lines)
        rest = first[: tools.LINE]
    if rest and at == 0:
        yield rest


def _unfinished(file: IO[bytes], end: int) -> int:
    """Bytes of a last line that has no end yet."""
    start = max(0, end - BLOCK)
    file.seek(start)
    data = file.read(end - start)
    return len(data) - (data.rfind(b"\n") + 1) if b"\n" in data else 0


def _read_at(file: IO[bytes], at: int) -> bytes:
    file.seek(at)
    return file.read(BLOCK)


def _fits(entry: Entry, wanted: Read) -> bool:
    return not wanted.unit or entry.source == wanted.unit.removesuffix(".service")


def _time(text: str, now: float) -> float:
    try:
        if text[0].isdigit():
            return datetime.fromisoformat(text).timestamp()
        of = datetime.fromtimestamp(now)
        at = datetime.strptime(f"{of.year} {text}", "%Y %b %d %H:%M:%S").timestamp()
        if at > now + 86400:  # the year is not written: it was last year's
            at = datetime.strptime(f"{of.year - 1} {text}", "%Y %b %d %H:%M:%S").timestamp()
        return at
    except ValueError:
        return 0.0


def _number(value: Any, otherwise: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise


async def _complaint(process: asyncio.subprocess.Process) -> str:
    if process.stderr is None:
        return ""
    text = (await process.stderr.read(tools.ERRORS)).decode("utf-8", "replace").strip()
    return text.splitlines()[0] if text else ""
