from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from rs_relay import streams


async def test_more_than_a_pipe_holds_goes_through_it() -> None:
    out, into = os.pipe()
    for fd in (out, into):
        os.set_blocking(fd, False)
    data = os.urandom(1_000_000)
    writing = asyncio.create_task(streams.write(into, data))
    found = b""
    while len(found) < len(data):
        found += await streams.read(out, 70_000)
    await writing
    assert found == data
    os.close(into)
    assert await streams.read(out, 10) == b""
    os.close(out)


async def test_a_pipe_that_nobody_reads_is_told() -> None:
    out, into = os.pipe()
    os.set_blocking(into, False)
    os.close(out)
    with pytest.raises(BrokenPipeError):
        await streams.write(into, b"x")
    os.close(into)


async def test_a_file_cannot_be_waited_for(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "x", os.O_RDONLY | os.O_CREAT)
    with pytest.raises(PermissionError):
        await streams.readable(fd)
    os.close(fd)
