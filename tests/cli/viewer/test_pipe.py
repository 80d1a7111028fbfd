from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_cli.viewer import pipe
from rs_relay.channels.control.messages import Button, ButtonName, Key, Move, ReleaseAll, Type, Wheel
from rs_relay.channels.screen.messages import (
    Choose,
    Copy,
    Frame,
    Layout,
    MonitorPlace,
    Painted,
    Pointer,
    Refresh,
    Region,
)
from rs_relay.errors import PeerBroke

TO = [
    pipe.Title("3 · Anna — rs", True),
    pipe.Status(True, False, "Connected.", "view"),
    Layout(1, 0, 0, 640, 480, monitors=(MonitorPlace("a", 0, 0, 640, 480, True),)),
    Frame(1, 1, (Copy(0, 0, 32, 32, 32, 0),), (0, 3), b"xyz", (Region("jpeg", 0, 0, 1, 1, b"j"),), True, 4),
    Pointer(10, -10),
]
FROM = [
    pipe.Ready(("jpeg",)),
    pipe.Cannot("peer-broke", "Broken.", "Update."),
    pipe.Closed(),
    Painted(7),
    Choose(-1),
    Refresh(),
    *(
        pipe.Hands(said)
        for said in (
            Move(1, 2),
            Button(ButtonName.LEFT, True),
            Wheel(0, -1),
            Key("f5", True),
            Type("é"),
            ReleaseAll(),
        )
    ),
]


@pytest.mark.parametrize("message", TO, ids=lambda m: type(m).__name__)
def test_to_the_viewer_and_back(message):
    packed = pipe.pack(message)
    assert pipe.length(packed[:4], pipe.TO_VIEWER) == len(packed) - 4
    assert pipe.to_viewer(packed[4:]) == message


@pytest.mark.parametrize("message", FROM, ids=lambda m: f"{type(m).__name__}")
def test_from_the_viewer_and_back(message):
    assert pipe.from_viewer(pipe.pack(message)[4:]) == message


@pytest.mark.parametrize("message", FROM, ids=lambda m: f"{type(m).__name__}")
def test_each_direction_has_its_own_messages(message):
    with pytest.raises(PeerBroke):
        pipe.to_viewer(pipe.pack(message)[4:])


@pytest.mark.parametrize("header", [b"\0\0\0\0", b"\xff\xff\xff\xff", (pipe.TO_VIEWER + 1).to_bytes(4, "big")])
def test_impossible_lengths(header):
    with pytest.raises(PeerBroke):
        pipe.length(header, pipe.TO_VIEWER)


@given(st.binary(max_size=200))
def test_rubbish_is_one_typed_error(data):
    for read in (pipe.to_viewer, pipe.from_viewer):
        try:
            read(data)
        except PeerBroke:
            pass


@pytest.mark.parametrize("layout", [(1, 0, 0, 1 << 40, 10), (1, 0, 0, -1, 10), (1, "x", 0, 10, 10)])
def test_hostile_numbers_do_not_get_past_the_pipe(layout):
    with pytest.raises(PeerBroke):
        pipe.to_viewer(msgspec.msgpack.encode(("layout", *layout)))
