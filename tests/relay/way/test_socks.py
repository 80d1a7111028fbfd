"""SOCKS, byte by byte."""

from __future__ import annotations

import pytest

from rs_relay.way.greeting import greeting
from rs_relay.way.proxy import Proxy
from rs_relay.way.words import Closed, Why

FIVE, NAMED = Proxy("socks5", "p", 1080), Proxy("socks5", "p", 1080, "me", "pw")
FOUR = Proxy("socks4", "p", 1080, "me")
OPEN = b"\x05\x00\x00\x01"


def _talk(proxy: Proxy, host: str, *answers: bytes) -> bytes:
    """All that we said until the way was open; each answer must be of the size that is waited for."""
    steps = greeting(proxy, host, 443)
    step, said = next(steps), b""
    for answer in answers:
        said += step.send
        assert step.wait == len(answer)
        try:
            step = steps.send(answer)
        except StopIteration:
            return said
    raise AssertionError("it still waits")


def test_five_by_name() -> None:
    said = _talk(FIVE, "relay.test", b"\x05\x00", OPEN, bytes(6))
    assert said == b"\x05\x01\x00" + b"\x05\x01\x00\x03\x0arelay.test\x01\xbb"


def test_five_by_number_and_answers_of_every_form() -> None:
    assert _talk(FIVE, "10.0.0.1", b"\x05\x00", b"\x05\x00\x00\x03", b"\x04", bytes(6)).endswith(
        b"\x01\x0a\0\0\x01\x01\xbb"
    )
    assert b"\x04\x20\x01" in _talk(FIVE, "2001:db8::1", b"\x05\x00", b"\x05\x00\x00\x04", bytes(18))


def test_five_with_a_name() -> None:
    said = _talk(NAMED, "r", b"\x05\x02", b"\x01\x00", OPEN, bytes(6))
    assert said.startswith(b"\x05\x02\x00\x02" + b"\x01\x02me\x02pw")
    assert b"pw" not in _talk(NAMED, "r", b"\x05\x00", OPEN, bytes(6))  # nobody asked


def test_four_by_name_and_number() -> None:
    assert _talk(FOUR, "relay.test", b"\x00\x5a" + bytes(6)) == b"\x04\x01\x01\xbb\0\0\0\x01me\0relay.test\0"
    assert _talk(FOUR, "10.0.0.1", b"\x00\x5a" + bytes(6)) == b"\x04\x01\x01\xbb\x0a\0\0\x01me\0"


@pytest.mark.parametrize(
    ("proxy", "answers", "why"),
    [
        (FIVE, [b"\x05\xff"], Why.WANTS_NAME),
        (NAMED, [b"\x05\xff"], Why.WRONG_NAME),
        (NAMED, [b"\x05\x02", b"\x01\x01"], Why.WRONG_NAME),
        (FIVE, [b"\x05\x02"], Why.PROXY_BROKE),
        (FIVE, [b"HT"], Why.PROXY_BROKE),
        (FIVE, [b"\x05\x00", b"\x05\x02\x00\x01"], Why.PROXY_FORBIDS),
        (FIVE, [b"\x05\x00", b"\x05\x05\x00\x01"], Why.PROXY_CANNOT),
        (FIVE, [b"\x05\x00", b"\x05\x00\x00\x09"], Why.PROXY_BROKE),
        (FOUR, [b"\x00\x5b" + bytes(6)], Why.PROXY_FORBIDS),
        (FOUR, [b"\x00\x5d" + bytes(6)], Why.WRONG_NAME),
        (FOUR, [b"HTTP/1.1"], Why.PROXY_BROKE),
    ],
)
def test_what_stands_in_the_way(proxy: Proxy, answers: list[bytes], why: Why) -> None:
    with pytest.raises(Closed) as closed:
        _talk(proxy, "r", *answers)
    assert closed.value.why is why


@pytest.mark.parametrize("host", ["", "a..b", "x" * 300])
def test_a_name_that_is_none(host: str) -> None:
    with pytest.raises(Closed):
        _talk(FIVE, host, b"\x05\x00", OPEN, bytes(6))
