"""A release on the operator's disk: reproducible, signed, never a step back, and found out when it is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_relay.download import build, packing, signing, sources
from rs_relay.download.start.release import target
from rs_relay.errors import Damaged, RsError, UsageError
from rs_relay.server import pages

APART = sources.APART  # before a test makes it less
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def _build(folder: Path, serial: int = 1) -> str:
    system, _, python = target().rpartition("-")
    return build.build(folder, KEY, "ws://127.0.0.1:1", [(system, python)], serial, packing.FASTEST)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "APART", {"msgspec": ("msgspec", False), "six": ("six", True)})


def test_twice_the_same_bytes(tmp_path: Path) -> None:
    assert _build(tmp_path / "a") == _build(tmp_path / "b")
    names = {p.name for p in (tmp_path / "a").iterdir()}
    assert names == {p.name for p in (tmp_path / "b").iterdir()} >= {"rs-agent.pyz", "manifest.json", "manifest.sig"}
    assert build.verify(tmp_path / "a") == (signing.public(KEY), 5)


def test_what_a_customer_fetches_before_the_code_is_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's largest is 544 KB. Who comes near the bound: what is loaded before the code and need not be?"""
    first = {module: APART[module] for module in sources.FIRST if sources.wanted(module, target())}
    monkeypatch.setattr(sources, "APART", first)
    system, _, python = target().rpartition("-")
    build.build(tmp_path, KEY, "ws://127.0.0.1:1", [(system, python)], 1, packing.SMALLEST)
    release = pages.read(tmp_path)
    assert release is not None
    (size,) = release.first.values()
    assert size < 500_000


def test_never_an_older_one(tmp_path: Path) -> None:
    _build(tmp_path, 5)
    with pytest.raises(UsageError, match="newer"):
        _build(tmp_path, 5)


@pytest.mark.parametrize("what", ["manifest.json", "manifest.sig", "rs-agent.pyz", "msgspec-*.xz"])
def test_what_was_changed_is_found(tmp_path: Path, what: str) -> None:
    _build(tmp_path)
    (path,) = tmp_path.glob(what)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(RsError):
        build.verify(tmp_path)


def test_nothing_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no agent"):
        build.verify(tmp_path)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, again = signing.load(tmp_path / "d"), signing.load(tmp_path / "d")
    assert signing.public(first) == signing.public(again)
    assert (tmp_path / "d" / signing.FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / "d" / signing.FILE).write_text("nonsense")
    with pytest.raises(Damaged):
        signing.load(tmp_path / "d")
