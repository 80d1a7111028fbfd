"""The way to a real relay, and to none."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from rs_agent.doctor.looks import way
from rs_relay.errors import Unreachable, UsageError
from tests.support.relay import running_relay


async def test_a_relay_that_is_there() -> None:
    async with running_relay() as relay:
        seen, clock = await asyncio.to_thread(way.see, relay.url)
        assert seen.problem is None
        assert [place.answers for place in seen.places] == [True]
        assert not seen.is_default
        assert clock.relays is not None
        assert abs(clock.relays - clock.now) < 5
        assert 0 < clock.built < time.time() + 86400


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        seen, clock = way.see(f"ws://127.0.0.1:{free.getsockname()[1]}")
    assert isinstance(seen.problem, Unreachable)
    assert [place.answers for place in seen.places] == [False]
    assert clock.relays is None


def test_one_that_takes_connections_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "ANSWER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen, _ = way.see(f"ws://127.0.0.1:{silent.getsockname()[1]}")
    assert isinstance(seen.problem, Unreachable)
    assert [place.answers for place in seen.places] == [True]


def test_a_name_that_nobody_knows() -> None:
    seen, _ = way.see("wss://nowhere.invalid")
    assert isinstance(seen.problem, Unreachable)
    assert not seen.known


def test_an_address_that_is_none() -> None:
    with pytest.raises(UsageError):
        way.see("ws://relay.example.org")


def test_a_proxys_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("https_proxy", "http://me:geheim@127.0.0.1:9")
    seen, _ = way.see("wss://relay.invalid")
    assert seen.proxy == "127.0.0.1:9"
    assert seen.problem
    assert "proxy of this network cannot be reached" in seen.problem.message
    assert "geheim" not in repr(seen)
    chosen, _ = way.see("wss://relay.invalid", "socks5://me:geheim@127.0.0.1:10")
    assert chosen.proxy == "127.0.0.1:10"
    monkeypatch.setenv("no_proxy", "relay.invalid")
    assert way.see("wss://relay.invalid")[0].proxy == ""


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        ("Sun, 06 Nov 1994 09:49:37 +0100", 784111777.0),
        ("", None),
        ("yesterday", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_the_moment_of_a_date(date: str, moment: float | None) -> None:
    assert way.moment(date) == moment
