"""The customer's end of files: one folder to write, home to read, and everything told."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from rs_relay.channels.files import SPEC, Get
from rs_relay.errors import NoSuchSession, NotAllowed, PeerBroke, RsError
from rs_relay.transfer import messages as m
from tests.support.channels import channel_pair
from tests.support.files import pair

DATA = bytes(range(256)) * 5000


async def test_what_arrives_is_told_and_written_down(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "report.pdf").write_bytes(DATA)
        report = await p.technician.send([str(p.desk / "report.pdf")])
        report.check()
    assert (p.inbox / "report.pdf").read_bytes() == DATA
    assert report.arrived[0].sha256 == hashlib.sha256(DATA).hexdigest()
    assert p.face.notices == [
        "alice is sending report.pdf (1.3 MB).",
        "report.pdf has arrived, in ~/Downloads/rs.",
    ]
    assert p.notes == [("file received", "report.pdf")]
    assert p.inbox.stat().st_mode & 0o777 == 0o700


async def test_what_is_fetched_is_told_and_written_down(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.home / "log").write_bytes(DATA)
        await p.technician.get("log", p.desk)
        while len(p.notes) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (p.desk / "log").read_bytes() == DATA
    assert p.face.notices == ["alice is fetching log (1.3 MB).", "alice has fetched log."]
    assert [kind for kind, _ in p.notes] == ["file asked for", "file given"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "nothing", "out", ""])
async def test_nothing_outside_home_is_given(tmp_path: Path, path: str) -> None:
    async with pair(tmp_path) as p:
        (tmp_path / "x").write_text("secret")
        (p.home / "out").symlink_to(tmp_path / "x")
        with pytest.raises((NoSuchSession, NotAllowed)):
            await p.technician.get(path, p.desk)
        assert list(p.desk.iterdir()) == []
        assert p.face.notices == []


async def answer(up: Any) -> Any:
    """What is said next of an item, beside that it was heard."""
    while isinstance(said := await up.receive(), m.Heard):
        pass
    return said


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a\nb", "a\\b", "\u202egnp.exe", ".rs-part-x", "x/../y", ""])
async def test_a_hostile_technician_writes_nothing_outside_and_loses_only_that_file(tmp_path: Path, name: str) -> None:
    async with pair(tmp_path) as p:
        await p.cut()
        up, down = channel_pair(SPEC)
        run = asyncio.create_task(p.agent.run(down))
        sha256 = hashlib.sha256(b"x").digest()
        await up.send(m.Open(1, "k", "s", name))
        await up.send(m.Whole(1, 0, name, 1, sha256, memoryview(b"x")))
        assert isinstance(await answer(up), m.Failed)
        await up.send(m.Offer(1, 1, name, 10, 1, "k"))
        assert isinstance(await up.receive(), m.Failed)
        await up.send(m.Folder(1, 2, name, "k"))
        assert isinstance(await up.receive(), m.Failed)
        await up.send(m.Whole(1, 3, "fine", 1, sha256, memoryview(b"x")))
        assert isinstance(await answer(up), m.Saved)
        await up.close()
        await run
        p.connect()
    everything = {str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*") if f.is_file()}  # noqa: ASYNC240
    assert everything == {"home/Downloads/rs/fine"}
    assert all(c.isprintable() and c != "\u202e" for notice in p.face.notices for c in notice)


async def test_a_folder_outside_is_no_place_to_send_into(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "a").write_text("x")
        with pytest.raises(RsError):
            await p.technician.send([str(p.desk / "a")], into="../..")
        (await p.technician.send([str(p.desk / "a")], into="for/later")).check()
    assert (p.inbox / "for/later/a").read_text() == "x"


@pytest.mark.parametrize(
    "first", [m.Open(1, "", "s"), m.Open(1, "k" * 65, "s"), Get(1, "", "x")], ids=["none", "long", "get"]
)
async def test_a_batch_without_a_proper_key_breaks_the_rules(tmp_path: Path, first: m.Open | Get) -> None:
    async with pair(tmp_path) as p:
        up, down = channel_pair(SPEC)
        await up.send(first)
        with pytest.raises(PeerBroke):
            await p.agent.run(down)


async def test_late_words_of_an_ended_batch_are_dropped(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        up, down = channel_pair(SPEC)
        run = asyncio.create_task(p.agent.run(down))
        await up.send(m.Ack(9, 0, 0))
        await up.send(m.Piece(9, 0, 0, memoryview(b"x")))
        await up.close()
        await run


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.home / "Downloads").write_text("a file")
        (p.desk / "a").write_text("x")
        with pytest.raises(RsError, match="folder for received files"):
            await p.technician.send([str(p.desk / "a")])
