from __future__ import annotations

import pytest

from rs_cli.tunnel.forwarding import Rule, Way, local, reverse, socks
from rs_relay.errors import UsageError
from rs_relay.tunnel.dial import Place


@pytest.mark.parametrize(
    ("text", "here", "there"),
    [
        ("8080:localhost:80", Place("", 8080), Place("localhost", 80)),
        ("0:localhost:80", Place("", 0), Place("localhost", 80)),
        ("127.0.0.1:8080:a.example:80", Place("127.0.0.1", 8080), Place("a.example", 80)),
        ("[::1]:8080:[fe80::2]:80", Place("::1", 8080), Place("fe80::2", 80)),
        ("*:8080:a:80", Place("*", 8080), Place("a", 80)),
        (":8080:a:80", Place("*", 8080), Place("a", 80)),
        ("8080:/run/app.sock", Place("", 8080), Place(path="/run/app.sock")),
        ("127.0.0.1:8080:/run/app.sock", Place("127.0.0.1", 8080), Place(path="/run/app.sock")),
        ("/tmp/a:b:80", Place(path="/tmp/a"), Place("b", 80)),
        ("/tmp/a:/run/b", Place(path="/tmp/a"), Place(path="/run/b")),
    ],
)
def test_ssh_s_grammar(text: str, here: Place, there: Place) -> None:
    assert local(text) == Rule(Way.LOCAL, here, there)


@pytest.mark.parametrize(
    "text",
    [
        "", "8080", "8080:localhost", "x:localhost:80", "8080:localhost:0", "65536:a:80", "8080:a:99999", "8080::80",
        "[::1:8080:a:80", "a:b:c:d:e", "8080:a:80:b:80", "-1:a:80", "٣:a:80", "/a:/b:/c",
    ],
)  # fmt: skip
def test_no_forwarding(text: str) -> None:
    with pytest.raises(UsageError):
        local(text)


def test_the_customers_ports_are_of_the_loopback() -> None:
    assert reverse("8080:localhost:80") == Rule(Way.REVERSE, Place("", 8080), Place("localhost", 80))
    assert reverse("[::1]:8080:localhost:80").here == Place("::1", 8080)
    for text in ("*:8080:a:80", ":8080:a:80", "0.0.0.0:8080:a:80", "/tmp/a:b:80"):
        with pytest.raises(UsageError):
            reverse(text)


def test_socks() -> None:
    assert socks("1080") == Rule(Way.SOCKS, Place("", 1080))
    assert socks("[::1]:1080").here == Place("::1", 1080)
    for text in ("", "a:b:c", "/tmp/a", "1080:localhost"):
        with pytest.raises(UsageError):
            socks(text)


@pytest.mark.parametrize(
    ("text", "open_"), [("1080", False), ("127.0.0.1:1080", False), ("*:1", True), ("10.0.0.1:1", True)]
)
def test_who_can_connect(text: str, open_: bool) -> None:
    assert socks(text).open_to_others is open_
