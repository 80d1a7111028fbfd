"""A manifest that was changed, is older or is signed by somebody else is not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.download import signing
from rs_relay.download.start import release
from rs_relay.download.start.words import Stop


def _made(key: Ed25519PrivateKey, **changed: object) -> tuple[bytes, bytes]:
    said = {
        "format": 1, "serial": 5, "version": "1", "relay": "wss://r.example", "code": "c",
        "files": {"c": {"sha256": "00", "size": 1}}, "targets": {release.target(): {"msgspec": "c"}},
    }  # fmt: skip
    manifest = json.dumps({**said, **changed}).encode()
    return manifest, signing.sign(key, manifest)


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_what_was_signed_is_read(key: Ed25519PrivateKey) -> None:
    found = release.read(*_made(key))
    assert (found.serial, found.relay, found.modules) == (5, "wss://r.example", {"msgspec": "c"})


def test_a_changed_manifest_is_refused(key: Ed25519PrivateKey) -> None:
    manifest, signature = _made(key)
    with pytest.raises(Stop, match="changed"):
        release.read(manifest.replace(b'"serial": 5', b'"serial": 6'), signature)


@pytest.mark.parametrize("signature", [b"", b"00", b"zz" * 96, "é".encode()])
def test_what_is_no_signature_is_refused(key: Ed25519PrivateKey, signature: bytes) -> None:
    with pytest.raises(Stop, match="changed"):
        release.read(_made(key)[0], signature)


@pytest.mark.parametrize("changed", [{"format": 2}, {"serial": "x"}, {"files": 3}, {"targets": None}])
def test_what_makes_no_sense_is_refused(key: Ed25519PrivateKey, changed: dict[str, object]) -> None:
    with pytest.raises(Stop, match="changed"):
        release.read(*_made(key, **changed))


def test_a_computer_that_there_is_nothing_for_is_told(key: Ed25519PrivateKey) -> None:
    with pytest.raises(Stop, match="no rs-agent for this computer"):
        release.read(*_made(key, targets={"amiga-68000-3.11": {}}))


def test_an_older_one_of_the_same_relay_is_refused(key: Ed25519PrivateKey, tmp_path: Path) -> None:
    release.admit(release.read(*_made(key)), tmp_path)
    release.admit(release.read(*_made(key)), tmp_path)
    release.admit(release.read(*_made(key, serial=7)), tmp_path)
    with pytest.raises(Stop, match="older"):
        release.admit(release.read(*_made(key)), tmp_path)
    release.admit(release.read(*_made(key, relay="wss://other.example")), tmp_path)


def test_another_key_for_the_same_relay_is_refused(key: Ed25519PrivateKey, tmp_path: Path) -> None:
    release.admit(release.read(*_made(key)), tmp_path)
    with pytest.raises(Stop, match="somebody else"):
        release.admit(release.read(*_made(Ed25519PrivateKey.generate(), serial=9)), tmp_path)
