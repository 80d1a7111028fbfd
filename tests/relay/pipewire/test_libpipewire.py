"""Structures as C has them: sizes and places from the headers of PipeWire 0.3.65 on a 64-bit system."""

from __future__ import annotations

import ctypes as c

import pytest

from rs_relay.errors import LocalProblem
from rs_relay.pipewire import libpipewire as lib


@pytest.mark.skipif(c.sizeof(c.c_void_p) != 8, reason="figures of a 64-bit system")
def test_layouts() -> None:
    sizes = {lib.Chunk: 16, lib.Data: 40, lib.Meta: 16, lib.SpaBuffer: 24, lib.Hook: 48, lib.StreamEvents: 80}
    assert {kind: c.sizeof(kind) for kind in sizes} == sizes
    assert lib.Data.fd.offset == 8
    assert lib.Data.data.offset == 24
    assert lib.SpaBuffer.metas.offset == 8
    places = [getattr(lib.StreamEvents, name).offset for name in ("state_changed", "param_changed", "process")]
    assert places == [16, 40, 64]


def test_a_computer_without_it() -> None:
    with pytest.raises(LocalProblem, match="libpipewire"):
        lib.load("librs-is-not-there.so.0")


def test_a_library_that_is_something_else() -> None:
    with pytest.raises(LocalProblem, match="libpipewire"):
        lib.load("libc.so.6")


def test_pods_are_pointed_at_in_order() -> None:
    at, kept = lib.pods((b"12345678", b"abcdefgh"))
    assert [c.string_at(pointer, 8) for pointer in at] == [b"12345678", b"abcdefgh"]
    assert len(kept) == 2
