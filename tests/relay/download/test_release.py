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
        "files": {"c": {"sha256": "00", "size": 1}}, "targets": {release.target(): {"msgspec": "c"}}, "rest": "r",
        "first": ["msgspec", "pynput"],
    }  # fmt: skip
    manifest = json.dumps({**said, **changed}).encode()
    return manifest, signing.sign(key, manifest)


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_what_was_signed_is_read(key: Ed25519PrivateKey) -> None:
    found = release.read(*_made(key))
    assert (found.serial, found.relay, found.modules) == (5, "wss://r.example", {"msgspec": "c"})
    assert (found.rest, found.first) == ("r", ("msgspec",))


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


HERE, OLD = "linux-x86_64-3.11", {"linux-x86_64": {"glibc": "2.31"}}
SAID = {"relay": "wss://r.example", "targets": {HERE: {}}, "glibc": {HERE: "2.28"}}


@pytest.mark.parametrize(
    ("here", "changed", "narrow", "glibc", "says", "hint"),
    [
        ("linux-musl-x86_64-3.12", {}, False, "", "has musl in place of glibc", "on another computer"),
        ("linux-i686-3.11", {}, True, "2.36", "of 32 bits", "on another computer"),
        (HERE, {"programs": OLD}, True, "2.36", "of 32 bits", "https://r.example/join has another line"),
        ("linux-x86_64-3.15", {}, False, "2.36", "for Python 3.11; this is 3.15", "Tell whoever"),
        ("linux-x86_64-3.15", {"programs": OLD}, False, "2.36", "for Python 3.11", "which needs no Python"),
        ("linux-x86_64-3.15", {"programs": OLD}, False, "2.30", "for Python 3.11", "Tell whoever"),
        (HERE, {"programs": OLD}, False, "2.27", "has glibc 2.27, and 2.28 is needed", "Tell whoever"),
        ("amiga-68000-3.11", {}, False, "", r"for this computer at this relay \(amiga", "Tell whoever"),
    ],
)
def test_who_cannot_run_it_is_told_why_and_what_to_do(
    here: str, changed: dict[str, object], narrow: bool, glibc: str, says: str, hint: str
) -> None:
    with pytest.raises(Stop, match=says) as caught:
        release.refuse(here, {**SAID, **changed}, narrow, glibc)
    assert hint in caught.value.hint
    assert "{" not in str(caught.value)


@pytest.mark.parametrize("glibc", ["2.28", "2.36", "3.0", ""])
def test_who_can_is_not_held_up(glibc: str) -> None:
    release.refuse(HERE, dict(SAID), False, glibc)
