from __future__ import annotations

import msgspec

from rs_relay.transfer import messages as m


def test_the_largest_piece_fits_one_record() -> None:
    piece = m.Piece(2**31, m.ITEMS_MAX, 2**62, memoryview(bytes(m.PIECE_MAX)), True)
    assert len(msgspec.msgpack.encode(piece)) <= m.MESSAGE_MAX


def test_the_longest_name_fits_beside_a_whole_file() -> None:
    whole = m.Whole(1, 1, "n" * 1024, 2**62, b"x" * 32, memoryview(bytes(m.WHOLE_MAX)))
    assert len(msgspec.msgpack.encode(whole)) <= m.MESSAGE_MAX


def test_a_piece_is_not_copied_when_it_is_read() -> None:
    data = msgspec.msgpack.encode(m.Piece(1, 2, 3, memoryview(b"abc")))
    heard = msgspec.msgpack.decode(data, type=m.Piece)
    assert heard.data.obj is data
    assert heard.data == b"abc"


def test_only_content_weighs() -> None:
    assert m.weight(m.Piece(1, 2, 3, memoryview(b"abc"))) == 3
    assert m.weight(m.Last(1, 2)) == 0
