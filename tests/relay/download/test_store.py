"""What is fetched is used when it is what it should be, and only then."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rs_relay.download import packing
from rs_relay.download.start import store
from rs_relay.download.start.words import Stop, say

DATA = packing.archive({"thing/__init__.py": b"x = 1\n"}, packing.FASTEST)
FILES = {"thing.tar.xz": (hashlib.sha256(DATA).hexdigest(), len(DATA))}


def test_the_right_bytes_are_unpacked_whole(tmp_path: Path) -> None:
    kept = store.Store(tmp_path, "ws://127.0.0.1:1", FILES)
    place = kept.put("thing.tar.xz", DATA)
    assert (place / "thing/__init__.py").read_text() == "x = 1\n"
    assert kept.fetch("thing.tar.xz") == place  # not asked for again: nobody listens there
    assert kept.put("thing.tar.xz", DATA) == place
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b"", DATA[:-1] + bytes([DATA[-1] ^ 1])])
def test_other_bytes_are_not_used(tmp_path: Path, data: bytes) -> None:
    kept = store.Store(tmp_path, "ws://127.0.0.1:1", FILES)
    with pytest.raises(Stop, match="not what it should be"):
        kept.put("thing.tar.xz", data)
    assert list(tmp_path.iterdir()) == []


def test_a_relay_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIES", 1)
    with pytest.raises(Stop, match="could not be fetched"):
        store.Store(tmp_path, "ws://127.0.0.1:1", FILES).fetch("thing.tar.xz")


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    path = store.folder({"RS_CACHE_DIR": str(tmp_path / "cache")})
    assert path.stat().st_mode & 0o777 == 0o700
    path.chmod(0o777)
    with pytest.raises(Stop, match="somebody else"):
        store.folder({"RS_CACHE_DIR": str(path)})


def test_what_another_release_left_goes_after_a_day(tmp_path: Path) -> None:
    kept = store.Store(tmp_path, "", FILES)
    place = kept.put("thing.tar.xz", DATA)
    old, new, theirs = "0" * 32, "1" * 32, "program-" + "2" * 32  # a frozen agent's
    for name in (old, new, theirs, "part-x", place.name):
        (tmp_path / name).mkdir(exist_ok=True)
    for name in (old, theirs, "part-x", place.name):
        os.utime(tmp_path / name, (0, 0))
    kept.forget_all_but(set(FILES))
    assert {p.name for p in tmp_path.iterdir()} == {new, theirs, place.name}


@pytest.mark.parametrize(
    ("relay", "url"),
    [
        ("wss://r.example:8200", "https://r.example:8200"),
        ("ws://127.0.0.1:5", "http://127.0.0.1:5"),
        ("ws://r.example", "https://r.example"),
    ],
)
def test_nothing_is_fetched_in_clear_from_afar(relay: str, url: str) -> None:
    assert store.web(relay) == url


def test_the_customers_language() -> None:
    text = "Check the connection and start it again."
    assert say(text, {"LANG": "fr_FR.UTF-8"}).startswith("Vérifiez")
    assert say(text, {"LANG": "de_DE"}) == text
