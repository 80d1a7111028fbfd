"""Pods byte for byte as libspa's own builder makes them (PipeWire 0.3.65), and what is read of an answer."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.pipewire import pods

# From spa_pod_builder, in C, with the values of `wanted(30)` and `buffers()`.
WANTED = (
    "f80000000f0000000300040003000000010000000000000004000000030000000200000000000000020000000000000004000000030000000100"
    "00000000000001000200000000002400000013000000030000000000000004000000030000000800000008000000"
    "0c000000070000000b00000000000000030002000000000028000000130000000100000000000000080000000a0000008007000038040000010000"
    "000100000000400000004000000400020000000000080000000b0000000000000001000000050002000000000028000000130000000100000000"
    "000000080000000b0000001e0000000100000001000000010000001e00000001000000"
)
BUFFERS = (
    "600000000f000000040004000500000001000000000000001c0000001300000001000000000000000400000004000000080000000400000010000000"
    "0000000006000000000000001400000013000000040000000000000004000000040000000600000000000000"
)


def test_as_the_library_builds_them() -> None:
    assert pods.wanted(30).hex() == WANTED
    assert pods.buffers().hex() == BUFFERS


def test_metas_are_whole_pods() -> None:
    for pod in pods.metas():
        size, kind = struct.unpack_from("=II", pod)
        assert len(pod) % 8 == 0
        assert 8 + size <= len(pod) < 8 + size + 8
        assert kind == pods.OBJECT


def agreed(*properties: tuple[int, bytes]) -> bytes:
    return pods._object(pods.OBJECT_FORMAT, pods.PARAM_FORMAT, properties)


ORDER = (pods.KEY_FORMAT, pods._pod(pods.ID, struct.pack("=I", pods.Video.BGRX)))


def size(width: int, height: int) -> tuple[int, bytes]:
    return pods.KEY_SIZE, pods._pod(pods.RECTANGLE, struct.pack("=II", width, height))


def test_a_format_that_was_agreed() -> None:
    assert pods.read_format(agreed(ORDER, size(1280, 720))) == pods.Format(pods.Video.BGRX, 1280, 720)
    fixed = (pods.KEY_FORMAT, pods._choice(0, pods.ID, [struct.pack("=I", pods.Video.RGBA)]))
    assert pods.read_format(agreed(fixed, size(2, 1))) == pods.Format(pods.Video.RGBA, 2, 1)


@pytest.mark.parametrize(
    "pod",
    [
        b"",
        agreed(ORDER),
        agreed(size(4, 4)),
        agreed(ORDER, size(0, 4)),
        agreed(ORDER, size(4, pods.LARGEST + 1)),
        agreed((pods.KEY_FORMAT, pods._pod(pods.ID, struct.pack("=I", 99))), size(4, 4)),
        agreed(ORDER, size(4, 4))[:-4],
        pods._pod(pods.INT, struct.pack("=i", 1)),
    ],
)
def test_what_is_no_format(pod: bytes) -> None:
    assert pods.read_format(pod) is None


@given(st.binary(max_size=200))
def test_rubbish_is_no_format(data: bytes) -> None:
    pods.read_format(data)
    pods.read_format(agreed(ORDER, size(4, 4))[:40] + data)
