"""The signature check that needs no package, beside the one of the cryptography package."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.download.start.ed25519 import L, verifies

# RFC 8032, section 7.1, test 2.
KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_rfcs_vector() -> None:
    assert verifies(KEY, b"\x72", SIGNATURE)
    assert not verifies(KEY, b"\x73", SIGNATURE)


@given(st.binary(max_size=200))
@settings(max_examples=10, deadline=None)
def test_what_the_package_signs_verifies(message: bytes) -> None:
    key = Ed25519PrivateKey.generate()
    assert verifies(key.public_key().public_bytes_raw(), message, key.sign(message))


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_a_flipped_bit_does_not(bit: int) -> None:
    broken = bytearray(SIGNATURE)
    broken[bit // 8] ^= 1 << bit % 8
    assert not verifies(KEY, b"\x72", bytes(broken))


def test_an_s_that_is_too_large_does_not() -> None:
    s = int.from_bytes(SIGNATURE[32:], "little") + L
    assert not verifies(KEY, b"\x72", SIGNATURE[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("key", [b"", bytes(31), b"\xff" * 32, b"\x02" + bytes(31)])
def test_what_is_no_key_verifies_nothing(key: bytes) -> None:
    assert not verifies(key, b"\x72", SIGNATURE)
