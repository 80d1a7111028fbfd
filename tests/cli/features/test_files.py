"""The technician's end of files: over as many links as it takes, both ways, and safe from a hostile agent."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from rs_cli.features.files import Files, State, Transfer
from rs_relay.channels.files import SPEC, Get
from rs_relay.errors import ConnectionLost, NotAllowed, RsError, TransferFailed, UsageError
from rs_relay.transfer import messages as m
from tests.support.channels import channel_pair
from tests.support.files import Pair, pair


def tree(top: Path) -> dict[str, bytes]:
    """Fills the folder `top`; what is to arrive of it."""
    files = {"a.txt": b"hello", "zero": b"", "sub/big": random.Random(1).randbytes(1_500_000)}
    files |= {f"many/{i}": str(i).encode() for i in range(300)}
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    (top / "sub/empty").mkdir()
    return files


def content(top: Path) -> dict[str, bytes]:
    return {str(f.relative_to(top)): f.read_bytes() for f in top.rglob("*") if f.is_file()}


async def test_trees_both_ways(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        files = tree(p.desk / "tree")
        (p.desk / "tree/link").symlink_to("/etc")
        os.mkfifo(p.desk / "tree/fifo")
        sent = await p.technician.send([str(p.desk / "tree")])
        sent.check()
        assert content(p.inbox / "tree") == files
        assert (p.inbox / "tree/sub/empty").is_dir()
        assert {o.name for o in sent.skipped} == {"tree/link", "tree/fifo"}
        (p.inbox / "tree/pipe").symlink_to("a.txt")
        got = await p.technician.get("Downloads/rs/tree", p.desk / "back")
        assert content(p.desk / "back") == files
        assert {o.name for o in got.skipped} == {"tree/pipe"}
        assert len(got.arrived) == len(files)


async def test_never_over_another_file_unless_asked(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        for number in range(3):
            (p.desk / "a").write_text(f"{number}")
            await p.technician.send([str(p.desk / "a")])
        assert content(p.inbox) == {"a": b"0", "a (1)": b"1", "a (2)": b"2"}
        await p.technician.send([str(p.desk / "a")], overwrite=True)
        assert content(p.inbox)["a"] == b"2"
        (p.desk / "b").write_text("mine")
        report = await p.technician.get("Downloads/rs/a", p.desk / "b")
        assert report.arrived[0].saved_as == "b (1)"
        await p.technician.get("Downloads/rs/a", p.desk / "b", overwrite=True)
        assert content(p.desk) == {"a": b"2", "b": b"2", "b (1)": b"2"}


@pytest.mark.parametrize("sending", [True, False])
@pytest.mark.parametrize("agent_dies", [True, False])
async def test_links_break_and_the_agent_may_start_anew(tmp_path: Path, sending: bool, agent_dies: bool) -> None:
    async with pair(tmp_path) as p:
        files = tree((p.desk if sending else p.home) / "tree")
        work = p.technician.send([str(p.desk / "tree")]) if sending else p.technician.get("tree", p.desk)
        task = asyncio.create_task(work)
        for _ in range(8):
            heard = p.channel.heard
            while p.channel.heard < heard + 60 and not task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            if task.done():
                break
            await p.cut()
            if agent_dies:
                p.restart_agent()
            p.connect()
        (await task).check()
        assert content((p.inbox if sending else p.desk) / "tree") == files


async def test_sent_again_after_the_program_was_killed_it_goes_on(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        data = random.Random(2).randbytes(9_000_000)
        (p.desk / "iso").write_bytes(data)
        task = asyncio.create_task(p.technician.send([str(p.desk / "iso")]))
        while not any(f.stat().st_size > 2_000_000 for f in p.inbox.glob(".rs-part-*")):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        task.cancel()
        await p.cut()
        assert not (p.inbox / "iso").exists()
        p.technician = Files()
        p.connect()
        report = await p.technician.send([str(p.desk / "iso")])
        assert report.arrived[0].resumed_from >= 2_000_000
        assert content(p.inbox) == {"iso": data}


async def test_a_killed_tree_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        files = tree(p.desk / "tree")
        task = asyncio.create_task(p.technician.send([str(p.desk / "tree")]))
        while len(list(p.inbox.rglob("*"))) < 60:  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
        await p.cut()
        p.technician = Files()
        p.restart_agent()
        p.connect()
        (await p.technician.send([str(p.desk / "tree")])).check()
        assert [f.name for f in p.inbox.iterdir()] == ["tree"]
        assert content(p.inbox / "tree") == files


async def test_pipes(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        data = random.Random(3).randbytes(3_000_000)
        out, into = os.pipe()

        def feed() -> None:
            with os.fdopen(into, "wb") as file:
                file.write(data)

        threading.Thread(target=feed).start()
        report = await p.technician.send_pipe(out, "x.tar")
        os.close(out)
        assert content(p.inbox) == {"x.tar": data}
        assert report.arrived[0].sha256 == hashlib.sha256(data).hexdigest()
        with (p.desk / "got").open("wb") as file:
            await p.technician.get_pipe("Downloads/rs/x.tar", file.fileno())
        assert (p.desk / "got").read_bytes() == data
        report = await p.technician.get_pipe("Downloads/rs", os.open(os.devnull, os.O_WRONLY))
        with pytest.raises(RsError):
            report.check()


async def test_nobody_reads_the_pipe_any_more(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        (p.home / "log").write_bytes(bytes(3_000_000))
        out, into = os.pipe()
        os.close(out)
        with pytest.raises(BrokenPipeError):
            await p.technician.get_pipe("log", into)
        os.close(into)
        (await p.technician.get("log", p.desk)).check()


async def test_progress_is_heard_and_cancelling_ends_both_ends(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        seen: list[State] = []
        p.technician._heard = lambda transfer: seen.append(transfer.state)
        (p.desk / "iso").write_bytes(bytes(50_000_000))
        transfer = p.technician.start_send([str(p.desk / "iso")])
        while transfer.progress.done < 1_000_000:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert transfer.progress.total == 50_000_000
        await p.technician.cancel(transfer)
        assert transfer.state is State.CANCELLED
        with pytest.raises(TransferFailed, match="cancelled"):
            await transfer.ended
        while "iso did not arrive whole." not in p.face.notices:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (p.desk / "b").write_text("x")
        assert not (p.inbox / "iso").exists()
        (await p.technician.send([str(p.desk / "b")])).check()
        assert seen[0] is State.QUEUED
        assert State.MOVING in seen


async def test_what_ends_the_channel_for_good_fails_the_transfers(tmp_path: Path) -> None:
    technician = Files()
    (tmp_path / "a").write_bytes(bytes(10_000_000))
    transfer = technician.start_send([str(tmp_path / "a")])
    up, _ = channel_pair(SPEC)
    run = asyncio.create_task(technician.run(up))
    await asyncio.sleep(0.01)
    await up.close(ConnectionLost("The connection was lost."))
    with pytest.raises(ConnectionLost):
        await run
    assert transfer.state is State.WAITING
    assert not transfer.ended.done()
    up, _ = channel_pair(SPEC)
    run = asyncio.create_task(technician.run(up))
    await asyncio.sleep(0.01)
    await up.close(NotAllowed("The customer has withdrawn it."))
    with pytest.raises(NotAllowed):
        await run
    assert transfer.state is State.FAILED
    with pytest.raises(NotAllowed):
        await transfer.ended


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "a\nb", "\x1b[2J"])
async def test_a_hostile_agent_writes_nothing_outside_the_chosen_folder(tmp_path: Path, name: str) -> None:
    technician, (up, down) = Files(), channel_pair(SPEC)
    (tmp_path / "desk").mkdir()
    run = asyncio.create_task(technician.run(up))
    transfer = technician.start_get("x", tmp_path / "desk")
    asked = await down.receive()
    assert isinstance(asked, Get)
    sha256 = hashlib.sha256(b"x").digest()
    for message in (
        m.Open(1, asked.key, "s", "x", into="../up", files=1, size=1),
        m.Whole(1, 0, name, 1, sha256, memoryview(b"x")),
        m.Whole(1, 1, "fine", 1, sha256, memoryview(b"x")),
        m.Last(1, 2),
    ):
        await down.send(message)
    report = await transfer.ended
    assert [o.saved_as for o in report.arrived] == ["fine"]
    assert len(report.failed) == 1
    with pytest.raises(TransferFailed):
        report.check()
    assert content(tmp_path) == {"desk/fine": b"x"}
    await up.close()
    await run


async def test_what_cannot_be_started(tmp_path: Path) -> None:
    technician = Files()
    calls: list[tuple[Any, ...]] = [
        (technician.send, ["nothing"]),
        (technician.send_pipe, 0, "a/b"),
        (technician.get, "x", tmp_path / "no/where"),
    ]
    for call, *arguments in calls:
        with pytest.raises(UsageError):
            await call(*arguments)
    assert technician.transfers == []


async def test_several_at_once(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        await several(p)


async def several(p: Pair) -> None:
    for number in range(5):
        (p.desk / f"up{number}").write_bytes(bytes([number]) * 2_000_000)
        (p.home / f"down{number}").write_bytes(bytes([number]) * 2_000_000)
    seen: list[Transfer] = []
    p.technician._heard = seen.append
    works = [p.technician.send([str(p.desk / f"up{number}")]) for number in range(5)]
    works += [p.technician.get(f"down{number}", p.desk) for number in range(5)]
    for report in await asyncio.gather(*works):
        report.check()
    for number in range(5):
        assert (p.inbox / f"up{number}").read_bytes() == bytes([number]) * 2_000_000
        assert (p.desk / f"down{number}").read_bytes() == bytes([number]) * 2_000_000
    assert {transfer.number for transfer in seen} == set(range(1, 11))


def fetchable(p: Pair, *names: str, size: int = 1_000_000) -> None:
    for name in names:
        (p.home / name).write_bytes(name.encode() * size)


async def reached(transfer: Transfer, done: int) -> None:
    while transfer.progress.done < done:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def test_one_after_the_other_in_order(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        fetchable(p, "a", "b", "c")
        moving: list[str] = []
        p.technician._heard = lambda t: moving.append(t.label) if t.state is State.MOVING else None
        a, b, c = (p.technician.start_get(name, p.desk) for name in "abc")
        assert [t.state for t in (a, b, c)] == [State.WAITING, State.QUEUED, State.QUEUED]  # for the link
        assert [p.technician.place(t) for t in (a, b, c)] == [1, 2, 3]
        p.technician.move(c, -1)
        await asyncio.gather(a.ended, b.ended, c.ended)
        assert "".join(dict.fromkeys(moving)) == "acb"
        assert p.technician.place(a) == 0


@pytest.mark.parametrize("sending", [True, False])
async def test_a_pause_stops_what_moves_also_at_the_far_end_and_over_a_lost_link(tmp_path: Path, sending: bool) -> None:
    async with pair(tmp_path) as p:
        data = random.Random(4).randbytes(6_000_000)
        ((p.desk if sending else p.home) / "iso").write_bytes(data)
        fetchable(p, "b")
        files = p.technician
        # slow, so that it is not over before it is paused
        iso = (
            files.start_send([str(p.desk / "iso")], limit=3_000_000)
            if sending
            else files.start_get("iso", p.desk, limit=3_000_000)
        )
        b = files.start_get("b", p.desk)
        await reached(iso, 500_000)
        files.pause(iso)
        (await b.ended).check()
        done = -1
        while done != iso.progress.done:  # what was under way arrives
            done = iso.progress.done
            await asyncio.sleep(0.3)
        assert done < len(data)
        assert iso.state is State.PAUSED
        await p.cut()
        p.connect()
        await asyncio.sleep(0.3)
        assert iso.state is State.PAUSED
        files.set_limit(iso, m.UNKNOWN)
        files.resume(iso)
        (await iso.ended).check()
        assert ((p.inbox if sending else p.desk) / "iso").read_bytes() == data


@pytest.mark.parametrize("sending", [True, False])
async def test_a_limit_is_kept_in_measured_bytes_and_can_be_changed(tmp_path: Path, sending: bool) -> None:
    async with pair(tmp_path) as p:
        source = p.desk if sending else p.home
        (source / "iso").write_bytes(random.Random(5).randbytes(40_000_000))
        files, loop = p.technician, asyncio.get_running_loop()
        transfer = (
            files.start_send([str(source / "iso")], limit=500_000)
            if sending
            else files.start_get("iso", p.desk, limit=500_000)
        )
        await reached(transfer, 100_000)
        began, before = loop.time(), transfer.progress.done
        await reached(transfer, before + 500_000)
        rate = (transfer.progress.done - before) / (loop.time() - began)
        assert rate < 650_000
        assert 0 < transfer.rate < 900_000
        files.set_limit(transfer, m.UNKNOWN)
        began = loop.time()
        (await transfer.ended).check()
        assert loop.time() - began < 40  # half of what the limit would have made of it


async def test_what_failed_is_done_again_in_its_place(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        files = p.technician
        missing = files.start_get("later", p.desk)
        with pytest.raises(RsError):
            await missing.ended
        fetchable(p, "later", "b")
        b = files.start_get("b", p.desk)
        missing.id = 7
        again = files.retry(missing)
        assert files.transfers == [again, b]
        assert again.id == 7
        await asyncio.gather(again.ended, b.ended)
        for transfer in (again, b):
            with pytest.raises(UsageError):
                files.retry(transfer)


async def test_a_file_that_vanished_while_it_waited_fails_alone(tmp_path: Path) -> None:
    async with pair(tmp_path) as p:
        fetchable(p, "a")
        (p.desk / "x").write_text("x")
        a = p.technician.start_get("a", p.desk)
        x = p.technician.start_send([str(p.desk / "x")])
        (p.desk / "x").unlink()
        (await a.ended).check()
        with pytest.raises(UsageError):
            await x.ended
        assert x.state is State.FAILED


async def test_rate_and_remaining_time_are_of_what_really_moves(tmp_path: Path) -> None:
    """What was there from before counts as done, and not as speed."""
    async with pair(tmp_path) as p:
        data = random.Random(6).randbytes(12_000_000)
        (p.home / "iso").write_bytes(data)
        first = p.technician.start_get("iso", p.desk, limit=8_000_000)
        await reached(first, 9_000_000)
        await p.technician.cancel(first)
        while "iso was not fetched whole." not in p.face.notices:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        transfer = p.technician.start_get("iso", p.desk, limit=500_000)
        await reached(transfer, 8_000_000)
        await asyncio.sleep(0.8)
        assert transfer.progress.resumed > 7_000_000
        assert 0 < transfer.rate < 3_000_000
        p.technician.set_limit(transfer, m.UNKNOWN)
        report = await transfer.ended
        assert report.resumed > 7_000_000
        assert (p.desk / "iso").read_bytes() == data


async def test_the_same_file_twice_at_once_is_two_files(tmp_path: Path) -> None:
    async with pair(tmp_path, Files(at_once=3)) as p:
        data = random.Random(9).randbytes(3_000_000)
        (p.home / "iso").write_bytes(data)
        transfers = [p.technician.start_get("iso", p.desk) for _ in range(3)]
        await asyncio.sleep(0)
        for transfer in transfers:
            (await transfer.ended).check()
        assert content(p.desk) == {"iso": data, "iso (1)": data, "iso (2)": data}
        assert p.technician._stores == {}
