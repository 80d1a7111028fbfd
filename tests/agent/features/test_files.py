"""The customer's end of files: one folder to write, home to read, and everything told."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rs_agent.features.files import Files as AgentFiles
from rs_relay.channels.files import SPEC, Get
from rs_relay.errors import NoSuchSession, NotAllowed, PeerBroke, RsError
from rs_relay.link.spec import Permission
from rs_relay.transfer import messages as m
from rs_relay.transfer.disk import Store
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


async def test_two_programs_that_send_at_once_both_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Store.sweep

    def slowly(store: Store, now: float) -> None:
        time.sleep(0.1)  # so that the other begins meanwhile
        sweep(store, now)

    monkeypatch.setattr(Store, "sweep", slowly)
    async with pair(tmp_path) as p:
        await p.cut()

        async def send(name: str) -> None:
            up, down = channel_pair(SPEC)
            run = asyncio.create_task(p.agent.run(down))
            await up.send(m.Open(1, name, "s", name))
            await up.send(m.Whole(1, 0, name, 1, hashlib.sha256(b"x").digest(), memoryview(b"x")))
            assert isinstance(await answer(up), m.Saved)
            await up.close()
            await run

        async with asyncio.timeout(20):
            await asyncio.gather(*(send(name) for name in "abcd"))
        p.connect()
    assert {path.name for path in p.inbox.iterdir()} == set("abcd")


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


@pytest.mark.parametrize("cancelled", [1, 3])
async def test_cancelled_and_done_again_at_once_goes_on_and_leaves_nothing(tmp_path: Path, cancelled: int) -> None:
    data = os.urandom(4_000_000)
    async with pair(tmp_path) as p:
        (p.desk / "a").write_bytes(data)
        transfer = p.technician.start_send([str(p.desk / "a")], limit=4_000_000)
        for _ in range(cancelled):
            async with asyncio.timeout(20):
                before = transfer.progress.done
                while transfer.progress.done < before + 400_000:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await p.technician.cancel(transfer)
            transfer = p.technician.retry(transfer)
        p.technician.set_limit(transfer, -1)
        report = await transfer.ended
    assert {path.name: path.read_bytes() for path in p.inbox.iterdir()} == {"a": data}
    assert report.resumed > 0


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.home / "Downloads").write_text("a file")
        (p.desk / "a").write_text("x")
        with pytest.raises(RsError, match="folder for received files"):
            await p.technician.send([str(p.desk / "a")])


async def test_things_are_put_where_the_technician_says(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "a.txt").write_text("one")
        (p.home / "work").mkdir()
        (await p.technician.send([str(p.desk / "a.txt")], at="~/work")).check()
        (await p.technician.send([str(p.desk / "a.txt")], at="work/b.txt")).check()
        (p.desk / "a.txt").write_text("two")
        (await p.technician.send([str(p.desk / "a.txt")], at="work/b.txt")).check()
        (await p.technician.send([str(p.desk / "a.txt")], at="work/a.txt", overwrite=True)).check()
    found = {path.name: path.read_text() for path in (p.home / "work").iterdir()}
    assert found == {"a.txt": "two", "b.txt": "one", "b (1).txt": "two"}
    assert "a.txt has arrived, in ~/work." in p.face.notices


@pytest.mark.parametrize("at", ["/tmp", "../x", "out", ".ssh", ".bashrc", "work/.hidden", "nothing/there"])
async def test_no_place_outside_home_and_nothing_hidden_is_written(tmp_path: Path, at: str) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "a").write_text("x")
        for name in ("work", ".ssh"):
            (p.home / name).mkdir()
        (p.home / "out").symlink_to(tmp_path / "desk")
        before = sorted(tmp_path.rglob("*"))  # noqa: ASYNC240
        with pytest.raises((NoSuchSession, NotAllowed)):
            await p.technician.send([str(p.desk / "a")], at=at)
        assert sorted(tmp_path.rglob("*")) == before  # noqa: ASYNC240


async def test_what_is_hidden_is_not_changed_from_within_a_directory_either(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "tree/.ssh").mkdir(parents=True)
        (p.desk / "tree/.ssh/keys").write_text("x")
        (p.desk / "tree/fine").write_text("x")
        (p.home / "tree/.ssh").mkdir(parents=True)
        report = await p.technician.send([str(p.desk / "tree")], at="~", overwrite=True)
        assert {type(each.error) for each in report.failed} == {NotAllowed}
    assert list((p.home / "tree/.ssh").iterdir()) == []
    assert (p.home / "tree/fine").read_text() == "x"


async def test_only_what_is_newer_is_sent(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        for name in ("old", "new", "large"):
            (p.desk / name).write_bytes(DATA if name == "large" else b"mine")
        paths = [str(p.desk / name) for name in ("old", "new", "large")]
        (await p.technician.send(paths)).check()
        (p.desk / "new").write_text("changed")
        os.utime(p.desk / "new", ns=(2**61, 2**61))
        report = await p.technician.send(paths, if_newer=True)
        assert [each.name for each in report.arrived] == ["new"]
        assert {each.name for each in report.skipped} == {"old", "large"}
    assert {path.name for path in p.inbox.iterdir()} == {"old", "new", "large"}
    assert (p.inbox / "new").read_text() == "changed"


async def test_a_pattern_fetches_all_that_it_stands_for(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.home / "logs/more").mkdir(parents=True)
        for name in ("a.log", "b.log", "c.txt", "more/d.log", ".hidden.log"):
            (p.home / "logs" / name).write_text(name)
        (await p.technician.get("logs/*.log", p.desk)).check()
        assert sorted(path.name for path in p.desk.iterdir()) == ["a.log", "b.log"]
        (await p.technician.get("~/logs/**/d*", p.desk)).check()
        assert (p.desk / "d.log").read_text() == "more/d.log"
        with pytest.raises(NoSuchSession):
            await p.technician.get("logs/*.png", p.desk)


async def test_a_folder_that_is_not_there_is_named_as_one(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.desk / "a").write_text("a")
        for at in ("nowhere/a", "nowhere/"):
            with pytest.raises(NoSuchSession, match="no such folder"):
                await p.technician.send([str(p.desk / "a")], at=at)
        assert not (p.home / "nowhere").exists()


async def test_trees_keep_their_modes_times_and_links_both_ways(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        tree = p.desk / "tree"
        (tree / "bin").mkdir(parents=True)
        (tree / "bin/run").write_text("#!/bin/sh\n")
        (tree / "bin/run").chmod(0o755)
        (tree / "run").symlink_to("bin/run")
        (tree / "out").symlink_to("/etc/passwd")
        os.utime(tree / "bin", ns=(10**18, 10**18))
        report = await p.technician.send([str(tree)], at="~", modes=True, links=True)
        assert [each.name for each in report.skipped] == ["tree/out"]
        (p.desk / "back").mkdir()
        (await p.technician.get("tree", p.desk / "back", modes=True, links=True)).check()
    for there in (p.home / "tree", p.desk / "back/tree"):
        assert (there / "bin/run").stat().st_mode & 0o777 == 0o755
        assert os.readlink(there / "run") == "bin/run"
        assert not (there / "out").is_symlink()
        assert (there / "bin").stat().st_mtime_ns == 10**18


async def test_two_thousand_small_files_go_both_ways(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        tree = p.desk / "many"
        for number in range(2000):
            path = tree / str(number % 7) / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(number))
        (await p.technician.send([str(tree)], at="~")).check()
        (p.desk / "back").mkdir()
        (await p.technician.get("many", p.desk / "back")).check()

    def content(top: Path) -> dict[str, str]:
        return {str(path.relative_to(top)): path.read_text() for path in top.rglob("*.txt")}

    assert len(content(tree)) == 2000
    assert content(tree) == content(p.home / "many") == content(p.desk / "back/many")


async def test_what_began_under_disk_ends_with_it(tmp_path: Path) -> None:
    granted = {Permission.DISK}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    reading, writing = os.pipe()
    async with pair(tmp_path) as p:
        await p.cut()
        context = replace(p.agent._context, granted=lambda permission: permission in granted)
        p.agent = AgentFiles(context)
        p.connect()
        transfer = p.technician.start_send_pipe(reading, "stream", at=str(elsewhere))
        os.write(writing, b"x" * 1000)
        while transfer.progress.done < 1000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        granted.clear()
        os.write(writing, b"x")
        with pytest.raises(NotAllowed):
            await transfer.ended
    os.close(reading)
    os.close(writing)
    assert not (elsewhere / "stream").exists()


async def test_a_sparse_file_stays_sparse(tmp_path: Path) -> None:
    size = 300 * 1024 * 1024
    async with pair(tmp_path) as p:
        path = p.desk / "disk.img"
        with path.open("wb") as file:
            file.write(b"boot" * 1024)
            file.seek(size // 2)
            file.write(b"data" * 1024)
            file.truncate(size)
        (await p.technician.send([str(path)])).check()
    found = (p.inbox / "disk.img").stat()
    assert found.st_size == size
    if path.stat().st_blocks * 512 < size // 2:  # else this disk knows of no holes
        assert found.st_blocks * 512 < 4 * 1024 * 1024
    with (p.inbox / "disk.img").open("rb") as file:
        assert file.read(8) == b"bootboot"
        file.seek(size // 2)
        assert file.read(8) == b"datadata"
