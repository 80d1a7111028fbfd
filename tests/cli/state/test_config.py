"""Relays and tokens: which addresses are taken, and where tokens may be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rs_cli.state import config
from rs_relay.errors import LocalProblem, SignInNeeded, UsageError


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("RS_RELAY", raising=False)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("relay.example.org", "wss://relay.example.org"),
        ("https://Relay.Example.org/", "wss://relay.example.org"),
        ("wss://relay.example.org:443/rs/", "wss://relay.example.org/rs"),
        ("wss://relay.example.org:8200", "wss://relay.example.org:8200"),
        ("ws://127.0.0.1:8200", "ws://127.0.0.1:8200"),
        ("http://localhost:8200", "ws://localhost:8200"),
        ("ws://[::1]:8200", "ws://[::1]:8200"),
    ],
)
def test_one_spelling_of_an_address(given: str, kept: str) -> None:
    assert config.check_url(given) == kept
    assert config.check_url(kept) == kept


@pytest.mark.parametrize("url", ["ws://relay.example.org", "http://10.0.0.4:8200", "ws://127.0.0.1.example.org"])
def test_plain_connections_stay_on_this_computer(url: str) -> None:
    with pytest.raises(UsageError, match="without encryption") as caught:
        config.check_url(url)
    assert "wss://" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["", "ftp://a", "wss://", "wss://user:secret@host", "wss://host?token=x", "wss://h:99999"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        config.check_url(url)
    assert "secret" not in caught.value.message


def test_a_token_is_kept_by_relay(tmp_path: Path) -> None:
    config.save(config.stored().with_relay(config.Relay("wss://a", "rst_a", "anna")))
    config.save(config.stored().with_relay(config.Relay("wss://b", "rst_b")))
    assert config.load().relay().token == "rst_b"
    assert config.load().relay("wss://a").token == "rst_a"
    assert stat.S_IMODE(config.path().stat().st_mode) == 0o600
    assert stat.S_IMODE(config.path().parent.stat().st_mode) == 0o700


def test_the_environment_chooses_another_relay_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    config.save(config.stored().with_relay(config.Relay("wss://a", "rst_a")))
    config.save(config.stored().with_relay(config.Relay("wss://b", "rst_b")))
    monkeypatch.setenv("RS_RELAY", "https://a/")
    assert config.load().relay().token == "rst_a"
    assert config.stored().current == "wss://b"
    monkeypatch.setenv("RS_RELAY", "ws://elsewhere")
    with pytest.raises(UsageError):
        config.load()


def test_forgetting_the_relay_in_use_turns_to_another() -> None:
    both = config.Config().with_relay(config.Relay("wss://a", "t")).with_relay(config.Relay("wss://b", "t"))
    assert both.without("wss://b").current == "wss://a"
    assert both.without("wss://b").without("wss://a") == config.Config()


def test_no_relay() -> None:
    with pytest.raises(SignInNeeded):
        config.load().relay()


def test_a_relay_does_not_show_its_token() -> None:
    assert "rst_secret" not in repr(config.Config().with_relay(config.Relay("wss://a", "rst_secret")))


def test_a_damaged_or_open_file_is_named() -> None:
    config.save(config.Config())
    config.path().write_bytes(b"{")
    with pytest.raises(LocalProblem, match="damaged"):
        config.load()
    config.path().chmod(0o640)
    with pytest.raises(LocalProblem, match="read by others"):
        config.load()
