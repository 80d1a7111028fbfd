from __future__ import annotations

import msgspec
import pytest

from rs_relay.channels.files import SPEC, Get
from rs_relay.errors import PeerBroke
from rs_relay.link.spec import Permission, Priority
from rs_relay.transfer import messages as m

BOTH: list[msgspec.Struct] = [
    m.Open(1, "k", "s", "label", "into", True, 3, 9, 2),
    m.Folder(1, 2, "d", "k"),
    m.Offer(1, 2, "a", -1, 5, "k"),
    m.Whole(1, 2, "a", 5, b"h", memoryview(b"data")),
    m.Again(1, 2),
    m.Piece(1, 2, 3, memoryview(b"data"), True),
    m.Done(1, 2, 3, b"h", "note"),
    m.LeftOut(1, 2, "a", "why", "code"),
    m.Last(1, 2),
    m.Accept(1, 2, 3, b"h"),
    m.Ack(1, 2, 3),
    m.Saved(1, 2, "a", 3, b"h", 4),
    m.Failed(1, 2, "code", "why", "hint"),
    m.Abort(1, "code", "why", "hint"),
]


@pytest.mark.parametrize("message", BOTH, ids=lambda message: type(message).__name__)
def test_every_message_goes_both_ways(message: msgspec.Struct) -> None:
    data = msgspec.msgpack.encode(message)
    assert SPEC.decode_up(data) == SPEC.decode_down(data) == message


def test_only_the_technician_asks() -> None:
    data = msgspec.msgpack.encode(Get(1, "k", "path"))
    assert SPEC.decode_up(data) == Get(1, "k", "path")
    with pytest.raises(PeerBroke):
        SPEC.decode_down(data)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", msgspec.msgpack.encode({"type": "piece", "batch": "1"})])
def test_rubbish(data: bytes) -> None:
    with pytest.raises(PeerBroke):
        SPEC.decode_up(data)


def test_files_wait_behind_everything_and_need_the_grant() -> None:
    assert (SPEC.permission, SPEC.priority) == (Permission.FILES, Priority.BULK)
