"""The clipboard at the customer's end, besides text: pictures, marked-up text, copied files.

The law: an announcement tells formats and sizes; contents leave only when they are asked for, and then just those that
were announced (they are kept from then until the next change). Nothing that was there before is announced unasked.
Which files were copied is told only while `files` is granted too, and only what somebody copied here: not a list that
the technician put there. Pictures are made anew in both directions (`rs_relay.clipboard.image`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from rs_agent.bucket import Bucket
from rs_agent.copying import Copying
from rs_agent.desktop.base import Clipboard
from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels import clips
from rs_relay.channels.clips import PIECE, SPEC, Done, Down, Failed, Fetch, Item, Look, Offered, Paths, Piece, Put, Up
from rs_relay.clipboard.contents import LIMITS, ClipboardTooLarge, Format, as_utf8, paths, uri_list
from rs_relay.clipboard.image import png
from rs_relay.errors import LocalProblem, NoSuchSession, NotAllowed, PeerBroke, RsError, TooLarge, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.spec import Permission
from rs_relay.transfer.names import safe_name

BURST, PER_SECOND = 5, 2.0  # a picture that is made anew costs some tenths of a second of a processor


@dataclass(frozen=True)
class _Taken:
    """What an announcement was of."""

    told: Offered
    data: dict[Format, bytes] = field(default_factory=dict)


class Clips:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._copying = Copying(context.desktop)
        self._taken = _Taken(Offered(0, True))

    async def run(self, channel: Channel[Down, Up]) -> None:
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        watcher: asyncio.Task[None] | None = None
        said = aiter(channel)
        try:
            async for message in said:
                match message:
                    case clips.Watch(on=True) if watcher is None or watcher.done():
                        watcher = asyncio.create_task(self._report(channel), name="clips")
                    case clips.Watch(on=False) if watcher is not None:
                        await _end(watcher)
                        watcher = None
                    case clips.Watch():
                        pass
                    case _:
                        if wait := pace.take():
                            await asyncio.sleep(wait)
                        await self._answer(channel, message, said)
        except asyncio.CancelledError:  # the grant is gone, or the session: so is what was announced
            self._taken = _Taken(Offered(self._taken.told.number + 1, True))
            raise
        finally:
            if watcher is not None:
                await _end(watcher)

    def close(self) -> None:
        self._copying.close()

    async def _answer(self, channel: Channel[Down, Up], message: Up, said: AsyncIterator[Up]) -> None:
        try:
            match message:
                case Look():
                    await channel.send(await self._look(asked=True))
                case Fetch(number, wanted):
                    await self._give(channel, number, wanted)
                case clips.Which(number):
                    await channel.send(await self._which(number))
                case Put(items):
                    contents = {Format(item.format): await _receive(item, said) for item in items}
                    await self._put(contents)
                    await channel.send(Done())
                case clips.PutFiles(names):
                    await self._put_files(names)
                    await channel.send(Done())
                case _:
                    raise PeerBroke("The other end sent contents of a clipboard that it had not announced.")
        except PeerBroke:
            raise
        except RsError as e:
            await channel.send(Failed(e.code, e.message))

    # ---- from here to the technician

    async def _look(self, asked: bool) -> Offered:
        number = self._taken.told.number + 1
        self._taken = await self._copying.call(lambda clipboard: _take(clipboard, number, asked))
        return self._taken.told

    async def _give(self, channel: Channel[Down, Up], number: int, wanted: clips.Format) -> None:
        await self._copying.call(
            lambda clipboard: clipboard.formats()
        )  # refused during a pause, whatever was announced before
        data = self._of(number).data.get(Format(wanted))
        if data is None or wanted is clips.Format.FILES:
            raise NoSuchSession("There is no such thing on the customer's clipboard.", "")
        self._context.face.notice(_("The technician has fetched what is on your clipboard."))
        self._context.note("clipboard given", str(wanted))
        for at in range(0, max(len(data), 1), PIECE):
            piece = data[at : at + PIECE]
            await channel.send(Piece(piece, at + PIECE >= len(data)))

    async def _which(self, number: int) -> Paths:
        await self._copying.call(lambda clipboard: clipboard.formats())  # as above
        listed = self._of(number).data.get(Format.FILES)
        if not self._context.granted(Permission.FILES):
            raise NotAllowed("The customer has not allowed files, and these are files.")
        if listed is None:
            raise NoSuchSession("No files are on the customer's clipboard.", "")
        return Paths(tuple(path for path in paths(listed) if len(path) <= clips.PATH)[: clips.MAX_PATHS])

    def _of(self, number: int) -> _Taken:
        if number != self._taken.told.number:
            raise NoSuchSession("Something else has been copied since.", "Look again.")
        return self._taken

    # ---- from the technician to here

    async def _put(self, contents: dict[Format, bytes]) -> None:
        clean = await self._copying.call(lambda _: {kind: _clean(kind, data) for kind, data in contents.items()})
        await self._copying.call(lambda clipboard: clipboard.put(clean))
        self._taken = _Taken(Offered(self._taken.told.number + 1, True))
        self._context.face.notice(
            _("The technician has put a picture on your clipboard.")
            if Format.IMAGE in clean
            else _("The technician has put a text on your clipboard.")
        )

    async def _put_files(self, names: tuple[str, ...]) -> None:
        if not self._context.granted(Permission.FILES):
            raise NotAllowed("The customer has not allowed files, and these are files.")
        found = await self._copying.call(lambda _: [self._received(name) for name in names])
        listed = uri_list(found)
        if len(listed) > LIMITS[Format.FILES]:
            raise TooLarge("Those are too many files for a clipboard.", "Fewer, or a folder.")
        await self._copying.call(lambda clipboard: clipboard.put({Format.FILES: listed}))
        self._taken = _Taken(Offered(self._taken.told.number + 1, True))
        self._context.face.notice(_("The technician has put received files on your clipboard."))

    def _received(self, name: str) -> str:
        """The absolute path of what has that name in the folder of received files; nothing else is ever named."""
        path = self._context.folder.joinpath(*safe_name(name))
        try:
            found = path.lstat()
        except (OSError, ValueError):
            found = None
        if found is None or not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise NoSuchSession("There is no such file among the received ones.", "Send it first.")
        return str(path)

    # ---- watching

    async def _report(self, channel: Channel[Down, Up]) -> None:
        async def announce() -> None:
            with contextlib.suppress(NotAllowed):  # paused: what is copied meanwhile stays here
                if (told := await self._look(asked=False)).items:
                    await channel.send(told)

        try:
            await self._copying.listen(announce, 1 / PER_SECOND)
        except LocalProblem as e:
            await channel.send(Failed(e.code, e.message))
        except ChannelClosed:
            pass  # run's own loop hears it too, and ends


def _take(clipboard: Clipboard, number: int, asked: bool) -> _Taken:
    """What is there, with its sizes as it would be sent."""
    data: dict[Format, bytes] = {}
    items: list[Item] = []
    for kind in Format:
        if kind not in clipboard.formats():
            continue
        try:
            found = clipboard.read(kind, LIMITS[kind])
            if found is None:
                continue
            data[kind] = _clean(kind, found.data)
            size = 0 if kind is Format.FILES else len(data[kind])
            items.append(Item(clips.Format(kind), size))
        except ClipboardTooLarge as e:
            items.append(Item(clips.Format(kind), e.size, fits=False))
        except UsageError:
            continue  # no picture, whatever it is called
    files, folders, size = _sizes(paths(data.get(Format.FILES, b"")))
    return _Taken(Offered(number, asked, tuple(items), files, folders, size), data)


async def _receive(item: Item, said: AsyncIterator[Up]) -> bytes:
    """The contents of one announced item. Raises PeerBroke for what is not as announced."""
    kind = Format(item.format)
    if kind is Format.FILES or item.size > LIMITS[kind]:
        raise PeerBroke("The other end announced more than a clipboard takes.")
    data = bytearray()
    async for message in said:
        if not isinstance(message, Piece) or len(data) + len(message.data) > item.size:
            break
        data += message.data
        if message.last:
            if len(data) == item.size:
                return bytes(data)
            break
    raise PeerBroke("The other end sent other contents than it had announced.")


def _clean(kind: Format, data: bytes) -> bytes:
    """As it may go on: a PNG of our own making, valid UTF-8. Raises UsageError, ClipboardTooLarge."""
    match kind:
        case Format.IMAGE:
            return png(data)
        case Format.HTML:
            return as_utf8(data)
        case Format.TEXT:
            return data.decode("utf-8", "replace").encode()
        case _:
            return data


def _sizes(found: tuple[str, ...]) -> tuple[int, int, int]:
    """(files, folders, bytes of the files) of what was copied and is there."""
    files = folders = size = 0
    for path in found:
        with contextlib.suppress(OSError, ValueError):
            there = os.stat(path)
            if stat.S_ISDIR(there.st_mode):
                folders += 1
            elif stat.S_ISREG(there.st_mode):
                files, size = files + 1, size + there.st_size
    return files, folders, size


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
