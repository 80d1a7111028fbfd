"""The connection beside Tk's, on a real X server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rs_relay.glass.xcb import Connection, Paper
from tests.support.xdesktop import XDesktop


@pytest.fixture(scope="module")
def desktop() -> Iterator[XDesktop]:
    with XDesktop((300, 200)) as running:
        yield running


@pytest.fixture
def link(desktop: XDesktop) -> Iterator[Connection]:
    connection = Connection(desktop.display)
    yield connection
    connection.close()


def root_paper(link: Connection) -> Paper:
    depth = next(visual.depth for visual in link.greeting.visuals.values() if visual.depth == 24)
    return link.paper(link.greeting.roots[0], depth)


def segments() -> int:
    """Of shared memory, made by this process and still there."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return sum(line.split()[4] == str(os.getpid()) for line in lines)


def test_what_is_put_is_seen_and_no_memory_is_left(desktop: XDesktop, link: Connection) -> None:
    paper, before = root_paper(link), segments()
    memory = link.share(64, 32, paper)
    assert segments() == before + 1
    memory.words[4:8, 10:20] = 0x102030
    link.put(paper, memory, 10, 4, 10, 4)
    link.round_trip()
    assert desktop.pixel(10, 4) == desktop.pixel(19, 7) == (0x10, 0x20, 0x30)
    assert desktop.pixel(9, 4) != (0x10, 0x20, 0x30)
    link.drop(memory)
    assert segments() == before
    assert memory.words.size == 0


def test_memory_is_gone_when_a_process_is_killed(desktop: XDesktop) -> None:
    """It is given away to be forgotten as soon as both sides hold it."""
    link = Connection(desktop.display)
    before = segments()
    memory = link.share(8, 8, root_paper(link))
    lines = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    (ours,) = [line for line in lines if line[4] == str(os.getpid())][before:]
    assert int(ours[2], 8) & 0o1000  # SHM_DEST
    link.drop(memory)
    link.close()


def test_a_window_that_went_ends_nothing(link: Connection) -> None:
    paper = root_paper(link)
    memory = link.share(8, 8, paper)
    link.put(Paper(0x1234567, paper.pen, paper.depth), memory, 0, 0, 8, 8)
    link.round_trip()
    link.round_trip()


def test_a_pointer_in_colours(link: Connection) -> None:
    shape = np.full((20, 16), 0xFF00FF00, np.uint32)
    cursor = link.cursor(shape, 3, 4)
    assert cursor
    link.wear(link.greeting.roots[0], cursor)
    link.free_cursor(cursor)
    link.round_trip()
