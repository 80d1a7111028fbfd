from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import DiskFull, RsError
from rs_relay.link import frames
from rs_relay.link.frames import BadFrame, Kind


@given(st.sampled_from([k for k in Kind if k is not Kind.PADDED]), st.integers(0, 2**32 - 1), st.binary(max_size=100))
def test_what_is_encoded_is_decoded(kind: Kind, channel: int, body: bytes) -> None:
    assert frames.decode(frames.encode(kind, channel, body)) == (kind, channel, body)


@given(st.binary(max_size=57))
def test_padding_comes_off(body: bytes) -> None:
    plaintext = frames.encode_padded(3, body)
    assert len(plaintext) == 64
    assert frames.decode(plaintext) == (Kind.DATA, 3, body)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_one_error(plaintext: bytes) -> None:
    try:
        frames.decode(plaintext)
    except BadFrame:
        pass


def test_an_error_keeps_its_kind_across_the_link() -> None:
    error = frames.decode_error(frames.encode_error(DiskFull("No room.", "Free some.")))
    assert isinstance(error, DiskFull)
    assert (error.message, error.hint) == ("No room.", "Free some.")
    assert frames.decode_error(b"") is None


@pytest.mark.parametrize("body", [b"\xff\xfe", b"no-such-code\0text", b"\0\0\0\0\0", b"x" * 10_000])
def test_a_hostile_error_is_still_an_error(body: bytes) -> None:
    error = frames.decode_error(body)
    assert isinstance(error, RsError)
    assert len(error.message) <= 4096
