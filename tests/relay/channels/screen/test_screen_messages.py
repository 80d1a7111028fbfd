from __future__ import annotations

import msgspec
import pytest

from rs_relay.channels.screen.messages import (
    MAX_TILES,
    SPEC,
    Choose,
    Copy,
    Frame,
    Layout,
    MonitorPlace,
    Painted,
    Pause,
    Pointer,
    Refresh,
    Region,
    Resume,
    Start,
)
from rs_relay.channels.screen.tiles import SIDE
from rs_relay.errors import PeerBroke

UP = [Start(), Start(2, ("jpeg",)), Painted(7), Pause(), Resume(), Refresh(), Choose(-1)]
DOWN = [
    Layout(3, -1920, 0, 3840, 1080, -1, (MonitorPlace("eDP-1", -1920, 0, 1920, 1080, True),)),
    Frame(9, 3, (Copy(0, 1, 2, 3, 4, 5),), (4, 1), b"data", (Region("jpeg", 1, 2, 3, 4, b"photo"),), True, 12),
    Pointer(-3, 4),
]


@pytest.mark.parametrize("message", UP, ids=lambda m: type(m).__name__)
def test_what_a_technician_says_arrives(message: object) -> None:
    assert SPEC.decode_up(msgspec.msgpack.encode(message)) == message


@pytest.mark.parametrize("message", DOWN, ids=lambda m: type(m).__name__)
def test_what_an_agent_says_arrives(message: object) -> None:
    assert SPEC.decode_down(msgspec.msgpack.encode(message)) == message


def test_a_frame_of_a_letter_is_small_beside_its_pixels() -> None:
    assert len(msgspec.msgpack.encode(Frame(100_000, 2, spans=(1023, 1)))) < 24


def test_the_largest_honest_frame_fits_the_channel() -> None:
    frame = Frame(1, 1, spans=(0, 1) * MAX_TILES, data=bytes(MAX_TILES * SIDE * SIDE * 3 + 64 * 1024))
    assert len(msgspec.msgpack.encode(frame)) < SPEC.max_message


@pytest.mark.parametrize(
    "said",
    [
        ["layout", 1, 0, 0, 1 << 20, 5],  # a side over the limit
        ["layout", 1, 0, 0, -1, 5],
        ["layout", 1, 1 << 40, 0, 5, 5],
        ["layout", -1, 0, 0, 5, 5],
        ["layout", 1, 0, 0, 5, 5, -1, [{"name": "x" * 500, "x": 0, "y": 0, "width": 1, "height": 1}]],
        ["layout", 1, 0, 0, 5, 5, -1, [{"name": "x", "x": 0, "y": 0, "width": 1, "height": 1}] * 100],
        ["f", 1, 1, [[-1, 0, 1, 1, 0, 0]]],
        ["f", 1, 1, [[0, 0, 1, 1, 0, 0]] * 1000],
        ["f", 1, 1, [], [1, -1]],
        ["f", 1, 1, [], [1.5, 1]],
        ["f", 1, 1, [], [0, 1] * 10_000],
        ["f", 1, 1, [], [], "text"],
        ["f", 1, 1, [], [], b"", [["", 0, 0, 1, 1, b""]]],
        ["f"],
        ["at", 1 << 60, 0],
        ["p", 1],
        ["start"],
        {"type": "layout"},
        7,
    ],
)
def test_what_no_honest_agent_says_is_refused(said: object) -> None:
    with pytest.raises(PeerBroke):
        SPEC.decode_down(msgspec.msgpack.encode(said))


@pytest.mark.parametrize("said", [["start", -2], ["start", 0, ["x" * 99]], ["p", -1], ["choose"], ["choose", 1 << 30]])
def test_what_no_honest_technician_says_is_refused(said: object) -> None:
    with pytest.raises(PeerBroke):
        SPEC.decode_up(msgspec.msgpack.encode(said))
