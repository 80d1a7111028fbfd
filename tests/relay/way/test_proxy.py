"""A proxy as people write one, and what goes past it."""

from __future__ import annotations

import pytest

from rs_relay.way.proxy import NoProxy, Proxy, is_loopback, passes


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("proxy:3128", Proxy("http", "proxy", 3128)),
        ("http://proxy", Proxy("http", "proxy", 80)),
        ("https://proxy/", Proxy("https", "proxy", 443)),
        ("socks://proxy", Proxy("socks5", "proxy", 1080)),
        ("SOCKS5H://proxy:9", Proxy("socks5", "proxy", 9)),
        ("socks4a://u@proxy", Proxy("socks4", "proxy", 1080, "u")),
        ("http://a%40b:p%3Aq%2F@[::1]:8080", Proxy("http", "::1", 8080, "a@b", "p:q/")),
    ],
)
def test_ways_to_write_one(text: str, proxy: Proxy) -> None:
    assert Proxy.parse(text) == proxy


@pytest.mark.parametrize(
    "text",
    ["", "ftp://proxy", "http://", "proxy:x", "proxy:0", "http://proxy/pac", "http://p?x", "http://a%0d%0ab:c@p"],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(NoProxy):
        Proxy.parse(text)


def test_a_password_is_in_nothing_that_is_shown() -> None:
    proxy = Proxy.parse("http://user:secret@[2001:db8::1]:3128")
    assert "secret" not in repr(proxy) + proxy.place
    assert proxy.place == "[2001:db8::1]:3128"
    with pytest.raises(NoProxy) as told:
        Proxy.parse("http://user:secret@proxy/x")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("exceptions", "past"),
    [
        ("*", True),
        ("example.org", True),
        (".example.org", True),
        ("*.example.org", True),
        ("ample.org", False),
        ("other.org, HELP.example.org", True),
        ("help.example.org:8200", True),
        ("help.example.org:443", False),
        ("<local>", False),
        ("", False),
        (",", False),
    ],
)
def test_which_names_go_past_it(exceptions: str, past: bool) -> None:
    assert passes("help.example.org", 8200, exceptions) is past


def test_which_addresses_go_past_it() -> None:
    assert passes("192.168.3.4", 1, "192.168.0.0/16")
    assert passes("192.168.3.4", 1, "10.0.0.0/8;192.168.*")
    assert not passes("192.169.3.4", 1, "192.168.0.0/16;192.168.*")
    assert passes("2001:db8::5", 443, "[2001:db8::5]:443")
    assert passes("2001:db8::5", 443, "2001:db8::/32")
    assert passes("printer", 1, "<local>")


def test_this_computer_itself() -> None:
    assert all(map(is_loopback, ("localhost", "127.1.2.3", "::1", "LOCALHOST")))
    assert not any(map(is_loopback, ("example.org", "10.0.0.1", "localhost.example.org", "")))
