"""Our own streams: whatever they are, all bytes pass, the loop goes on, and their descriptors stay as they are."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import tty
from pathlib import Path

import pytest

from rs_cli.terminal.pipes import Sink, Source

DATA = os.urandom(3_000_000)


async def read_all(source: Source) -> bytes:
    found = b""
    while data := await source.read(100_000):
        found += data
    return found


async def test_a_pipe_both_ways_stays_blocking() -> None:
    out, into = os.pipe()
    source, sink = Source(out), Sink(into)
    reading = asyncio.create_task(read_all(source))
    await sink.write(DATA)
    sink.close()
    os.close(into)
    assert await reading == DATA
    assert os.get_blocking(out)
    os.close(out)


async def test_a_file_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "x"
    out, into = os.open(path, os.O_RDONLY | os.O_CREAT), os.open(path, os.O_WRONLY)
    await Sink(into).write(DATA)
    assert await read_all(Source(out)) == DATA
    os.close(into)
    os.close(out)


async def test_a_socket_both_ways() -> None:
    a, b = socket.socketpair()
    reading = asyncio.create_task(read_all(Source(b.fileno())))
    await Sink(a.fileno()).write(DATA)
    a.close()
    assert await reading == DATA
    b.close()


async def test_a_terminal_both_ways() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    await Sink(slave).write(b"hello")
    assert os.read(master, 9) == b"hello"
    os.write(master, b"typed")
    assert await Source(slave).read(9) == b"typed"
    os.close(master)
    os.close(slave)


async def test_a_full_pipe_stops_the_writer_and_not_the_loop() -> None:
    out, into = os.pipe()
    sink = Sink(into)
    writing = asyncio.create_task(sink.write(DATA))
    await asyncio.sleep(0.05)
    assert not writing.done()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    sink.close()
    os.close(out)
    os.close(into)


async def test_who_reads_no_more_is_told() -> None:
    out, into = os.pipe()
    os.close(out)
    with pytest.raises(OSError):
        await Sink(into).write(b"x")
    os.close(into)
