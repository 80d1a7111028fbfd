"""What goes between the two clipboards besides plain text, for the window on a session: asked for, its size known.

    theirs  look ─▶ what is there and how large ─▶ fetched, put on this computer's clipboard (files: in a folder first)
    ours    look ─▶ the same ─▶ sent (files: over the channel of files), put on the customer's

A picture of the customer's is not decoded in this process, which holds the session's keys: its header is looked at, and
it goes on as it came. Without a clipboard of this computer that takes such things, what was fetched is a file.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rs_cli.features.clips import Clips
from rs_cli.features.files import Files
from rs_cli.session.technician import Technician
from rs_cli.state.private import write_private
from rs_relay.channels import clips
from rs_relay.channels.clips import Offered
from rs_relay.clipboard.contents import LIMITS, Format, RichClipboard, as_utf8, paths, uri_list
from rs_relay.clipboard.image import check_header, png
from rs_relay.errors import LocalProblem, NoSuchSession, RsError, TooLarge
from rs_relay.transfer.part import amount

BESIDE = (Format.TEXT, Format.HTML, Format.RTF)  # a text and its marks: one thing
ALIKE = 1024 * 1024  # bytes of marked-up text that are kept alike unasked, as of plain text


@dataclass(frozen=True)
class Load:
    """What would go: `what` for a person, `size` in bytes (of copied folders only what is known)."""

    kind: Format
    what: str
    size: int
    paths: tuple[str, ...] = ()
    offered: Offered | None = None

    @property
    def shown(self) -> str:
        return f"{self.what}, {amount(self.size)}"


def has_clipboard() -> bool:
    """Whether this computer may have a clipboard that takes more than text: on X11."""
    return sys.platform == "linux" and bool(os.environ.get("DISPLAY"))


def local_clipboard() -> RichClipboard | None:
    if not has_clipboard():
        return None
    try:
        from rs_relay.clipboard.x11 import X11Clipboard

        return X11Clipboard()
    except (ImportError, LocalProblem):
        return None


def theirs(offered: Offered) -> Load:
    """What of an announcement is fetched. Raises NoSuchSession, TooLarge."""
    items = {Format(item.format): item for item in offered.items}
    if Format.FILES in items and offered.files + offered.folders:
        count = offered.files + offered.folders
        return Load(Format.FILES, "a file" if count == 1 else f"{count} files", offered.files_size, offered=offered)
    for kind in (Format.IMAGE, *reversed(BESIDE)):
        if kind in items and (kind is not Format.IMAGE or Format.TEXT not in items):
            what = "a picture" if kind is Format.IMAGE else "a text"
            if not items[kind].fits:
                raise TooLarge("What is on their clipboard is too large to fetch.", "")
            return Load(kind, what, items[kind].size, offered=offered)
    raise NoSuchSession("There is nothing on their clipboard.", "")


def ours(clipboard: RichClipboard) -> Load:
    """What of this computer's clipboard is sent; blocking. Raises NoSuchSession."""
    there = clipboard.formats()
    if Format.FILES in there:
        found = clipboard.read(Format.FILES, LIMITS[Format.FILES])
        named = tuple(path for path in paths(found.data if found else b"") if os.path.lexists(path))
        if named:
            size = sum(os.stat(path).st_size for path in named if os.path.isfile(path))
            return Load(Format.FILES, "a file" if len(named) == 1 else f"{len(named)} files", size, named)
    for kind, what in ((Format.TEXT, "a text"), (Format.IMAGE, "a picture")):
        if kind in there:
            raw = clipboard.read(kind, LIMITS[kind])
            if raw is not None:
                return Load(kind, what, len(raw.data))
    raise NoSuchSession("There is nothing on your clipboard that can be sent.", "")


class Exchange:
    def __init__(self, session: Technician, clips_: Clips, here: RichClipboard | None, folder: Path) -> None:
        """`folder`: where fetched files go."""
        self._session, self._clips, self._here, self._folder = session, clips_, here, folder
        self._files = Files()

    async def fetch(self, load: Load) -> str:
        """Fetch it and put it here; where it is now, for a person. Raises NotAllowed, NoSuchSession."""
        if load.offered is None:
            raise NoSuchSession("There is nothing on their clipboard.", "")
        if load.kind is Format.FILES:
            return await self._fetch_files(load.offered)
        if load.kind is Format.IMAGE:
            data = await self._get(load.offered, Format.IMAGE)
            check_header(data)
            return await self._keep({Format.IMAGE: data}, "picture", ".png")
        wanted = [kind for kind in BESIDE if any(Format(item.format) is kind for item in load.offered.items)]
        contents = {kind: await self._get(load.offered, kind) for kind in wanted}
        return await self._keep(contents, "text", ".txt")

    async def send(self, load: Load) -> None:
        """Send what `ours` found. Raises NotAllowed, what ends a transfer, UsageError for what is no picture."""
        if load.kind is Format.FILES:
            await self._send_files(load.paths)
            return
        await self.put(await asyncio.to_thread(self._read, load.kind))

    async def put(self, contents: Mapping[Format, bytes]) -> None:
        """On the customer's clipboard."""
        await self._session.during(self._clips, self._clips.put({clips.Format(k): d for k, d in contents.items()}))

    def marked(self) -> dict[Format, bytes]:
        """The text of this computer's clipboard with its marks, if it is no more than goes unasked; blocking."""
        contents = self._read(Format.TEXT)
        return contents if Format.TEXT in contents and sum(map(len, contents.values())) <= ALIKE else {}

    def _read(self, kind: Format) -> dict[Format, bytes]:
        if self._here is None:
            raise LocalProblem("This computer has no clipboard that rs can use.")
        kinds = BESIDE if kind is Format.TEXT else (kind,)
        found = {each: self._here.read(each, LIMITS[each]) for each in kinds if each in self._here.formats()}
        clean = {Format.IMAGE: png, Format.HTML: as_utf8}
        contents = {each: clean.get(each, bytes)(raw.data) for each, raw in found.items() if raw is not None}
        if not contents:
            raise NoSuchSession("There is nothing on your clipboard that can be sent.", "")
        return contents

    async def _get(self, offered: Offered, kind: Format) -> bytes:
        return await self._session.during(self._clips, self._clips.fetch(offered, clips.Format(kind)))

    async def _keep(self, contents: Mapping[Format, bytes], what: str, suffix: str) -> str:
        if self._here is not None:
            await asyncio.to_thread(self._here.put, contents)
            return f"The {what} is on your clipboard."
        path = self._folder / time.strftime(f"clipboard-%Y%m%d-%H%M%S{suffix}")
        self._folder.mkdir(parents=True, exist_ok=True)
        write_private(path, contents.get(Format.TEXT) or next(iter(contents.values())))
        return f"The {what} is in {path}."

    async def _fetch_files(self, offered: Offered) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        landed: list[str] = []
        for path in await self._session.during(self._clips, self._clips.paths(offered)):
            report = await self._session.during(self._files, self._files.get(path, self._folder))
            report.check()
            landed += _tops(report)
        if not landed:
            raise NoSuchSession("Nothing of that is there any more.", "")
        if self._here is None:
            return f"Fetched into {self._folder}."
        await asyncio.to_thread(self._here.put, {Format.FILES: uri_list(str(self._folder / name) for name in landed)})
        return f"Fetched into {self._folder}, and on your clipboard."

    async def _send_files(self, named: tuple[str, ...]) -> None:
        landed: list[str] = []
        for path in named:
            report = await self._session.during(self._files, self._files.send([path]))
            report.check()
            landed += _tops(report)
        if landed:
            await self._session.during(self._clips, self._clips.put_files(tuple(landed)))

    async def close(self) -> None:
        for feature in (self._files, self._clips):
            try:
                await self._session.drop(feature)
            except RsError:
                continue


def _tops(report: object) -> list[str]:
    """What a batch of one path has become in the folder: a file, or the folder that all of it is in."""
    arrived = getattr(report, "arrived", ())
    return list(dict.fromkeys(outcome.saved_as.partition("/")[0] for outcome in arrived))
