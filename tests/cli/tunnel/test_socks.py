"""SOCKS in any cut: RFC 1928, and the two older ones."""

from __future__ import annotations

import pytest

from rs_cli.tunnel.socks import LONGEST, Greeting, NotSocks
from rs_relay.channels.tunnel import Why
from rs_relay.tunnel.dial import Place

FIVE = b"\x05\x02\x00\x02"
NAME = b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"
V4 = b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"
V6 = b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x00\x50"
OLD = b"\x04\x01\x00\x50\x7f\x00\x00\x01me\0"
OLD_NAME = b"\x04\x01\x01\xbb\x00\x00\x00\x01\0example.org\0"


@pytest.mark.parametrize(
    ("said", "answers", "place"),
    [
        (FIVE + NAME, b"\x05\x00", Place("example.org", 443)),
        (FIVE + V4, b"\x05\x00", Place("127.0.0.1", 80)),
        (FIVE + V6, b"\x05\x00", Place("::1", 80)),
        (OLD, b"", Place("127.0.0.1", 80)),
        (OLD_NAME, b"", Place("example.org", 443)),
    ],
)
@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_where_to(said: bytes, answers: bytes, place: Place, cut: int) -> None:
    greeting, heard = Greeting(), b""
    for at in range(0, len(said), cut):
        assert greeting.asked is None
        heard += greeting.feed(said[at : at + cut])
    assert (greeting.asked, heard, greeting.rest) == (place, answers, b"")


def test_what_comes_too_early_is_kept() -> None:
    greeting = Greeting()
    greeting.feed(FIVE + V4 + b"GET /")
    assert greeting.rest == b"GET /"


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"GET / HTTP/1.1\r\n", b""),
        (b"\x05\x01\x02", b"\x05\xff"),
        (FIVE + b"\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", b"\x05\x07"),
        (FIVE + b"\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50", b"\x05\x08"),
        (FIVE + b"\x05\x01\x00\x03\x03a b\x00\x50", b"\x05\x01"),
        (FIVE + b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00", b"\x05\x01"),
        (FIVE + b"\x04xxxxxxx", b""),
        (b"\x04\x02" + OLD[2:], b"\x00\x5b"),
        (OLD[:8] + b"u" * LONGEST, b""),
    ],
)
def test_what_is_refused(said: bytes, reply: bytes) -> None:
    with pytest.raises(NotSocks) as refused:
        Greeting().feed(said)
    assert refused.value.reply[: len(reply)] == reply


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_its_code(why: Why) -> None:
    five, four = Greeting(), Greeting()
    five.feed(FIVE + V4)
    four.feed(OLD)
    assert five.reply(why)[1] in range(1, 9)
    assert four.reply(why)[:2] == b"\x00\x5b"
    assert (five.reply(None)[:2], four.reply(None)[:2]) == (b"\x05\x00", b"\x00\x5a")
