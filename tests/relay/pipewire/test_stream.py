"""What lies beside a picture in a buffer: where something was drawn, how the pointer looks. The streams themselves are
driven by tests/journeys/test_wayland_journey.py, with a compositor at their other end."""

from __future__ import annotations

import ctypes as c
import os
import struct

import pytest

from rs_relay.errors import LocalProblem
from rs_relay.pipewire import libpipewire as lib
from rs_relay.pipewire import stream
from rs_relay.pipewire.pods import BITMAP_HEAD, CURSOR_HEAD, Video
from rs_relay.pipewire.stream import Cursor


def at(data: bytes) -> tuple[int, int, object]:
    kept = c.create_string_buffer(data, len(data))
    return c.addressof(kept), len(data), kept


def cursor(number: int, bitmap: bytes = b"", offset: int | None = None) -> bytes:
    where = (CURSOR_HEAD if bitmap else 0) if offset is None else offset
    return struct.pack("=IIiiiiI", number, 0, 30, 40, 1, 2, where) + bitmap


def bitmap(order: int, width: int, height: int, stride: int, pixels: bytes) -> bytes:
    return struct.pack("=IIIiI", order, width, height, stride, BITMAP_HEAD) + pixels


def read(data: bytes, before: Cursor | None = None) -> Cursor | None:
    place, size, _kept = at(data)
    return stream._cursor(place, size, before)


def test_regions_up_to_the_first_empty_one() -> None:
    data = (
        struct.pack("=iiII", 1, 2, 3, 4)
        + struct.pack("=iiII", 5, 6, 7, 8)
        + bytes(16)
        + struct.pack("=iiII", 9, 9, 9, 9)
    )
    place, size, _kept = at(data)
    assert stream._regions(place, size) == [(1, 2, 3, 4), (5, 6, 7, 8)]
    place, size, _kept = at(bytes(32))
    assert stream._regions(place, size) == []


def test_a_pointer_with_a_look() -> None:
    two = bytes((1, 2, 3, 4, 5, 6, 7, 8))
    assert read(cursor(1, bitmap(Video.RGBA, 2, 1, 8, two))) == Cursor(30, 40, 1, 2, 2, 1, two)
    swapped = bytes((3, 2, 1, 4, 7, 6, 5, 8))
    assert read(cursor(1, bitmap(Video.BGRA, 2, 1, 12, two + bytes(4)))) == Cursor(30, 40, 1, 2, 2, 1, swapped)


def test_a_pointer_that_looks_as_before() -> None:
    assert read(cursor(1)) == Cursor(30, 40)
    before = Cursor(0, 0, 1, 1, 1, 1, b"abcd")
    assert read(cursor(1), before) == Cursor(30, 40, 1, 1, 1, 1, b"abcd")


def test_no_pointer_and_one_that_is_not_shown() -> None:
    assert read(cursor(0)) is None
    hidden = struct.pack("=IIIiI", 0, 0, 0, 0, 0)
    assert read(cursor(1, hidden)) == Cursor(30, 40, bitmap=b"")


@pytest.mark.parametrize(
    "data",
    [
        b"short",
        cursor(1, offset=5000),
        cursor(1, bitmap(Video.RGBA, 2, 9, 8, bytes(8))),  # less than it says
        cursor(1, bitmap(Video.RGBA, 2, 1, 4, bytes(8))),  # rows that overlap
        cursor(1, bitmap(Video.RGBA, 9999, 1, 9999 * 4, bytes(8))),
        cursor(1, bitmap(77, 2, 1, 8, bytes(8))),
    ],
)
def test_a_look_that_makes_no_sense(data: bytes) -> None:
    assert read(data) in (None, Cursor(30, 40, bitmap=b""))


@pytest.fixture
def pipewire() -> None:
    try:
        lib.load()
    except LocalProblem:
        pytest.skip("libpipewire is not installed here")


@pytest.mark.usefixtures("pipewire")
def test_a_descriptor_that_leads_nowhere() -> None:
    """Whatever the library makes of it: no crash, no stream, and the descriptor is not left open."""
    ours, theirs = os.pipe()
    os.close(theirs)
    connection = None
    try:
        connection = stream.Connection(ours)
        over = []
        connection.stream(7, over.append)
    except LocalProblem:
        pass
    finally:
        if connection is not None:
            connection.close()
            connection.close()  # twice does nothing
    with pytest.raises(OSError):
        os.fstat(ours)
