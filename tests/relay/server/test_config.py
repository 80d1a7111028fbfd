from __future__ import annotations

from pathlib import Path

import pytest

from rs_relay.errors import UsageError
from rs_relay.server.config import Address, Config, parse_address, parse_network


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8200", Address("127.0.0.1", 8200)),
        ("[::1]:0", Address("::1", 0)),
        (":443", Address("0.0.0.0", 443)),
        ("localhost:80", Address("localhost", 80)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["8200", "host", "host:", "host:x", "host:65536", "host:-1", "host:²", ""])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        parse_address(text)


def test_networks() -> None:
    assert str(parse_network("10.1.2.3/8")) == "10.0.0.0/8"
    with pytest.raises(UsageError, match="not a network"):
        parse_network("proxy")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "relay.example"])
def test_nothing_is_exposed_by_accident(host: str) -> None:
    there = (Address("127.0.0.1", 0), Address(host, 0))
    with pytest.raises(UsageError, match="without TLS"):
        Config(listen=there).check()
    with pytest.raises(UsageError, match="open relay"):
        Config(listen=there, open=True).check()
    with pytest.raises(UsageError, match="open relay"):
        Config(listen=there, open=True, insecure_plaintext=True).check()
    Config(listen=there, insecure_plaintext=True).check()
    Config(listen=there, tls_cert=Path("c"), tls_key=Path("k")).check()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_computer_alone_needs_no_tls(host: str) -> None:
    Config(listen=(Address(host, 0),)).check()
    Config(listen=(Address(host, 0),), open=True).check()


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(UsageError, match="both"):
        Config(tls_cert=Path("c")).check()


def test_urls() -> None:
    assert Address("::1", 0).url(8200, tls=False) == "ws://[::1]:8200"
    assert Address("relay.example", 443).url(443, tls=True) == "wss://relay.example:443"


def test_an_open_relay_spares_its_own_computer_unless_told_otherwise() -> None:
    assert Config(open=True).spares_loopback
    assert not Config().spares_loopback
    assert not Config(open=True, spare_loopback=False).spares_loopback
