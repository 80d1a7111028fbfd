"""The customer's clipboard besides text: announced with its size, given when asked, made anew."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rs_agent.feature import Context
from rs_agent.features import clips as module
from rs_agent.features.clips import Clips
from rs_agent.session.pausing import PausableDesktop
from rs_relay.channels import clips
from rs_relay.channels.clips import (
    SPEC,
    Done,
    Failed,
    Fetch,
    Item,
    Look,
    Offered,
    Paths,
    Piece,
    Put,
    PutFiles,
    Watch,
    Which,
)
from rs_relay.clipboard.contents import LIMITS, Format, uri_list
from rs_relay.errors import PeerBroke
from rs_relay.link.spec import Permission
from tests.support.channels import channel_pair
from tests.support.customer import FakeClipboard, FakeDesktop, FakeFace, until


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200)) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, kind)
    return out.getvalue()


class Bench:
    def __init__(self, folder: Path) -> None:
        self.desktop, self.face = FakeDesktop(), FakeFace()
        self.granted = {Permission.CLIPBOARD}
        self.notes: list[tuple[str, str]] = []
        self.pausable = PausableDesktop(self.desktop)
        context = Context(
            self.pausable, self.face, folder, "alice", folder, lambda kind, text: self.notes.append((kind, text)),
            granted=lambda permission: permission in self.granted,
        )  # fmt: skip
        self.feature = Clips(context)
        self.technician, self.agent = channel_pair(SPEC)
        self.run = asyncio.create_task(self.feature.run(self.agent))

    @property
    def paused(self) -> bool:
        return self.pausable.paused

    @paused.setter
    def paused(self, on: bool) -> None:
        self.pausable.paused = on

    @property
    def clipboard(self) -> FakeClipboard:
        return self.desktop.the_clipboard

    async def ask(self, *messages: Any) -> Any:
        for message in messages:
            await self.technician.send(message)
        return await asyncio.wait_for(self.technician.receive(), 20)

    async def end(self) -> None:
        await self.technician.close()
        await self.run
        self.feature.close()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "PER_SECOND", 1000.0)
    return lambda: Bench(tmp_path)


def test_both_catalogues_name_the_same_formats() -> None:
    assert [str(f) for f in clips.Format] == [str(f) for f in Format]


async def test_announced_with_sizes_and_given_as_announced(bench: Any) -> None:
    b = bench()
    b.clipboard.contents = {Format.HTML: b"<b>x</b>", Format.TEXT: b"x", Format.IMAGE: picture("JPEG")}
    offered = await b.ask(Look())
    sizes = {item.format: item.size for item in offered.items}
    assert (sizes[clips.Format.TEXT], sizes[clips.Format.HTML]) == (1, 8)
    b.clipboard.contents = {}  # (nobody was watching: what was announced is what is given)
    data = b""
    piece = await b.ask(Fetch(offered.number, clips.Format.IMAGE))
    data += piece.data
    while not piece.last:
        piece = await b.technician.receive()
        data += piece.data
    assert len(data) == sizes[clips.Format.IMAGE]
    made = Image.open(BytesIO(data))
    assert (made.format, made.size) == ("PNG", (300, 200))
    assert await b.ask(Fetch(offered.number, clips.Format.HTML)) == Piece(b"<b>x</b>", True)
    assert (await b.ask(Fetch(offered.number, clips.Format.RTF))).code == "not-found"
    assert len(b.face.notices) == 2  # each thing that left
    await b.end()


async def test_an_announcement_is_good_until_the_next(bench: Any) -> None:
    b = bench()
    b.clipboard.contents = {Format.RTF: b"{1}"}
    first = await b.ask(Look())
    second = await b.ask(Look())
    assert second.number > first.number
    assert (await b.ask(Fetch(first.number, clips.Format.RTF))).code == "not-found"
    assert await b.ask(Put((Item(clips.Format.HTML, 1),)), Piece(b"x", True)) == Done()
    assert (await b.ask(Fetch(second.number, clips.Format.RTF))).code == "not-found"
    await b.end()


async def test_watched_changes_are_announced_never_what_was_there(bench: Any) -> None:
    b = bench()
    b.clipboard.contents = {Format.HTML: b"before"}
    await b.technician.send(Watch(True))
    await until(lambda: b.clipboard.watchers)
    b.clipboard.contents = {Format.HTML: b"after!"}
    b.clipboard.tell()
    told = await asyncio.wait_for(b.technician.receive(), 10)
    assert told == Offered(told.number, False, (Item(clips.Format.HTML, 6),))
    await b.technician.send(Watch(False))
    await until(lambda: not b.clipboard.watchers)
    await b.end()


async def test_files_are_counted_for_all_and_named_only_with_files(bench: Any, tmp_path: Path) -> None:
    b = bench()
    (tmp_path / "a b.txt").write_bytes(b"12345")
    (tmp_path / "dir").mkdir()
    files = (str(tmp_path / "a b.txt"), str(tmp_path / "dir"), str(tmp_path / "gone"))
    b.clipboard.contents = {Format.FILES: uri_list(files)}
    offered = await b.ask(Look())
    assert (offered.files, offered.folders, offered.files_size) == (1, 1, 5)
    assert (await b.ask(Which(offered.number))).code == "not-allowed"
    assert (await b.ask(Fetch(offered.number, clips.Format.FILES))).code == "not-found"
    b.granted.add(Permission.FILES)
    assert await b.ask(Which(offered.number)) == Paths(files)
    await b.end()


async def test_a_picture_and_marked_up_text_are_put_there(bench: Any) -> None:
    b = bench()
    data = picture()
    pieces = [data[at : at + 50_000] for at in range(0, len(data), 50_000)]
    said = [Piece(piece, piece is pieces[-1]) for piece in pieces]
    assert await b.ask(Put((Item(clips.Format.IMAGE, len(data)),)), *said) == Done()
    assert Image.open(BytesIO(b.clipboard.contents[Format.IMAGE])).size == (300, 200)
    two = (Item(clips.Format.TEXT, 1), Item(clips.Format.HTML, 8))
    assert await b.ask(Put(two), Piece(b"x", True), Piece(b"<b>x</b>", True)) == Done()
    assert b.clipboard.contents == {Format.TEXT: b"x", Format.HTML: b"<b>x</b>"}
    assert len(b.face.notices) == 2
    refused = await b.ask(Put((Item(clips.Format.IMAGE, 4),)), Piece(b"nope", True))
    assert isinstance(refused, Failed)
    assert Format.HTML in b.clipboard.contents  # what was there stays
    await b.end()


async def test_received_files_are_put_there_and_no_others(bench: Any, tmp_path: Path) -> None:
    b = bench()
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert (await b.ask(PutFiles(("a.txt",)))).code == "not-allowed"
    b.granted.add(Permission.FILES)
    assert await b.ask(PutFiles(("a.txt",))) == Done()
    assert b.clipboard.contents == {Format.FILES: uri_list([str(tmp_path / "a.txt")])}
    for name in ("link", "gone", "../x", "/etc/passwd", "a.txt/../../x"):
        assert isinstance(await b.ask(PutFiles((name,))), Failed), name
    await b.end()


@pytest.mark.parametrize(
    "said",
    [
        (Piece(b"x", True),),
        (Put((Item(clips.Format.HTML, 2),)), Piece(b"xyz", True)),
        (Put((Item(clips.Format.HTML, 2),)), Piece(b"x", True)),
        (Put((Item(clips.Format.HTML, 2),)), Look()),
        (Put((Item(clips.Format.HTML, LIMITS[Format.HTML] + 1),)),),
        (Put((Item(clips.Format.FILES, 2),)),),
    ],
)
async def test_what_is_not_as_announced_ends_the_channel(bench: Any, said: tuple[Any, ...]) -> None:
    b = bench()
    for message in said:
        await b.technician.send(message)
    with pytest.raises(PeerBroke):
        await asyncio.wait_for(b.run, 10)
    b.feature.close()


async def test_a_pause_and_a_withdrawal_hold_back_what_was_announced(bench: Any) -> None:
    b = bench()
    b.clipboard.contents = {Format.RTF: b"{1}", Format.FILES: uri_list(["/x"])}
    b.granted.add(Permission.FILES)
    offered = await b.ask(Look())
    b.paused = True
    assert (await b.ask(Fetch(offered.number, clips.Format.RTF))).code == "not-allowed"
    assert (await b.ask(Which(offered.number))).code == "not-allowed"
    b.paused = False
    assert await b.ask(Fetch(offered.number, clips.Format.RTF)) == Piece(b"{1}", True)
    b.run.cancel()
    await asyncio.gather(b.run, return_exceptions=True)
    b.technician, again = channel_pair(SPEC)
    b.run = asyncio.create_task(b.feature.run(again))
    assert (await b.ask(Fetch(offered.number, clips.Format.RTF))).code == "not-found"
    await b.end()


async def test_a_desktop_that_has_text_alone_says_so(bench: Any) -> None:
    b = bench()
    b.clipboard.broken = True
    assert (await b.ask(Look())).code == "local-problem"
    assert (await b.ask(Watch(True))).code == "local-problem"
    await b.end()
