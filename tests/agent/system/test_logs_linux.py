"""The journal by a stand-in that prints as journalctl does, and real files that grow and turn."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from rs_agent.system import logs_linux
from rs_agent.system.logs_linux import File, Journal, backwards, command, here, parse_json, parse_line
from rs_relay.channels.logs import Entry, Read
from rs_relay.errors import LocalProblem
from tests.support.customer import until
from tests.support.machines import stand_in

NOW = time.mktime((2026, 11, 28, 2, 0, 0, 0, 0, -1))
RECORDED = (
    b'{"PRIORITY":"3","MESSAGE":"hello","_UID":"0","SYSLOG_IDENTIFIER":"rs-trial","_PID":"28437",'
    b'"__REALTIME_TIMESTAMP":"1795832387627063","_TRANSPORT":"stdout"}'
)


def entries(of: AsyncIterator[Entry]) -> Any:
    return aclosing(cast(Any, of))


async def everything(log: Journal | File, wanted: Read) -> list[Entry]:
    return [entry async for entry in log.read(wanted)]


def test_a_line_of_the_journal() -> None:
    assert parse_json(RECORDED) == Entry(1795832387.627063, 3, "rs-trial", 28437, "hello")
    assert parse_json(b'{"MESSAGE":[104,255,105],"_COMM":"x"}') == Entry(0.0, -1, "x", 0, "h\ufffdi")
    assert parse_json(b'{"MESSAGE":null,"PRIORITY":"rubbish"}') == Entry(0.0, -1, "", 0, "")
    assert [parse_json(line) for line in (b"", b"[]", b"-- No entries --", b"\xff")] == [None] * 4


def test_what_journalctl_is_asked() -> None:
    asked = command(Read(1, 50, 1795832387.9, "cron", 3, follow=True))
    assert {"--lines=50", "--since=@1795832388", "--unit=cron", "--priority=3"} <= set(asked)
    assert not {"--follow", "--priority=7"} & set(command(Read(1)))


async def test_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, journalctl=f"echo '{RECORDED.decode()}'; echo rubbish; echo '{RECORDED.decode()}'")
    assert [entry.text for entry in await everything(Journal(), Read(1))] == ["hello", "hello"]


async def test_a_journal_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, journalctl="echo 'No journal files were opened' >&2; exit 1")
    with pytest.raises(LocalProblem, match="No journal files were opened"):
        await everything(Journal(), Read(1))


async def test_who_stops_listening_ends_journalctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, journalctl=f"echo $$ > {tmp_path}/pid; echo '{RECORDED.decode()}'; exec sleep 60")
    async with entries(Journal().read(Read(1, follow=True))) as log:
        assert (await anext(log)).text == "hello"
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("line", "source", "pid", "text"),
    [
        (b"Nov 28 01:46:15 vm cron[812]: (root) CMD (x)", "cron", 812, "(root) CMD (x)"),
        (b"Nov  3 01:46:15 vm kernel: [ 1.2] usb: new", "kernel", 0, "[ 1.2] usb: new"),
        (b"2026-11-28T01:46:15.123456+00:00 vm systemd[1]: Started.", "systemd", 1, "Started."),
        (b"not a line of syslog", "", 0, "not a line of syslog"),
        (b"\xff\x1b[31m", "", 0, "\ufffd\x1b[31m"),
    ],
)
def test_a_line_of_a_file(line: bytes, source: str, pid: int, text: str) -> None:
    entry = parse_line(line, NOW)
    assert (entry.source, entry.pid, entry.text) == (source, pid, text)


def test_the_year_that_is_not_written() -> None:
    assert 0 < NOW - parse_line(b"Nov 28 01:00:00 vm a: b", NOW).at < 7200
    assert NOW - parse_line(b"Dec 31 01:00:00 vm a: b", NOW).at > 300 * 86400


@pytest.mark.parametrize("count", [0, 1, 3, 5000])
def test_backwards(count: int, tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = [f"line {n} {'x' * (n % 97)}".encode() for n in range(count)]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    with path.open("rb") as file:
        assert list(backwards(file, path.stat().st_size)) == lines[::-1]


async def test_the_last_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    at = [time.strftime("%b %d %H:%M:%S", time.localtime(NOW - 100 + n)) for n in range(100)]
    path.write_text("".join(f"{at[n]} vm {'cron' if n % 2 else 'sshd'}[1]: {n}\n" for n in range(100)) + "unfinished")
    log = File(path, lambda: NOW)
    assert [e.text for e in await everything(log, Read(1, 3))] == ["97", "98", "99"]
    assert [e.text for e in await everything(log, Read(1, 2, unit="sshd.service"))] == ["96", "98"]
    assert [e.text for e in await everything(log, Read(1, 1000, since=NOW - 3))] == ["97", "98", "99"]
    assert await everything(log, Read(1, 0)) == []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs_linux, "POLL", 0.01)


@pytest.mark.usefixtures("quick")
async def test_a_file_is_followed_over_its_turns(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    path.write_text("old\nbefore\npart")
    heard: list[str] = []

    async def listen() -> None:
        async for entry in File(path).read(Read(1, 1, follow=True)):
            heard.append(entry.text)

    def write(text: str) -> None:
        with path.open("a") as file:
            file.write(text)

    task = asyncio.create_task(listen())
    try:
        await until(lambda: heard == ["before"])
        write(" whole\nand more\n")
        await until(lambda: heard[1:] == ["part whole", "and more"])
        os.rename(path, tmp_path / "syslog.1")  # logrotate: moved away, written a last time, begun anew
        with (tmp_path / "syslog.1").open("a") as file:
            file.write("last words\n")
        await asyncio.sleep(0.05)
        path.write_text("new\n")
        await until(lambda: heard[3:] == ["last words", "new"])
        os.truncate(path, 0)  # copytruncate
        await asyncio.sleep(0.1)
        write("again\n")
        await until(lambda: heard[5:] == ["again"])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_which_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, journalctl="")
    with pytest.raises(LocalProblem):
        here(tmp_path)
    (tmp_path / "var/log/journal").mkdir(parents=True)  # empty: nothing is kept there
    (tmp_path / "var/log/messages").touch()
    assert here(tmp_path).source.endswith("var/log/messages")
    (tmp_path / "var/log/journal/1").mkdir()
    assert isinstance(here(tmp_path), Journal)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    path.touch(0)
    with pytest.raises(LocalProblem, match="Permission denied"):
        await everything(File(path), Read(1))


async def test_a_file_that_has_gone(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem, match="No such file"):
        await everything(File(tmp_path / "none"), Read(1))
