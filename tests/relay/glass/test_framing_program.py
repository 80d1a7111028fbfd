"""The pipe between a window and the process that started it, at both of its ends."""

from __future__ import annotations

import io
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import PeerBroke, RsError
from rs_relay.glass import framing, program

DECODER = msgspec.msgpack.Decoder(tuple[str, int])


def decode(body: bytes) -> tuple[str, int]:
    return framing.decode(DECODER, body)


def heard(data: bytes, most: int = 100) -> tuple[list[object], list[int]]:
    messages: list[object] = []
    sizes: list[int] = []
    program.read(io.BytesIO(data), decode, most, messages.append, sizes.append)
    return messages, sizes


def test_messages_are_read_until_the_pipe_ends() -> None:
    one, two = framing.pack(("a", 1)), framing.pack(("b", 2))
    assert heard(one + two) == ([("a", 1), ("b", 2), None], [len(one) - 4, len(two) - 4])
    assert heard(b"") == ([None], [])


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_half_a_message_is_the_end(cut: int) -> None:
    whole = framing.pack(("a", 1))
    assert heard(whole + whole[:cut])[0] == [("a", 1), None]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(framing.HEADER.pack(0), id="nothing"),
        pytest.param(framing.HEADER.pack(101), id="too long"),
        pytest.param(framing.pack(("a", "b")), id="of another type"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_after_it_is_read(data: bytes) -> None:
    (told,), _ = heard(data + framing.pack(("a", 1)))
    assert isinstance(told, PeerBroke)


@given(st.binary(max_size=200))
def test_rubbish_is_one_typed_error(data: bytes) -> None:
    messages, _ = heard(data)
    assert messages[-1] is None or isinstance(messages[-1], RsError)


def test_what_is_said_goes_whole_into_the_pipe_and_nobody_at_its_end_is_no_error() -> None:
    read, write = os.pipe()
    mouth = program.Mouth(write)
    mouth.say(("a", 1))
    assert os.read(read, 100) == framing.pack(("a", 1))
    os.close(read)
    mouth.say(("a", 1))
    os.close(write)
