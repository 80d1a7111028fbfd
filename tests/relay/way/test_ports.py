"""At which ports a relay is looked for."""

from __future__ import annotations

import pytest

from rs_relay.way.ports import at, ports


@pytest.mark.parametrize(
    ("url", "tried"),
    [
        ("wss://help.example.org", (443, 8200, 80)),
        ("wss://help.example.org:8200", (8200, 443, 80)),
        ("wss://help.example.org:9000", (9000, 443, 8200, 80)),
        ("wss://[2001:db8::1]:80", (80, 443, 8200)),
        ("ws://127.0.0.1:8200", (8200,)),
        ("ws://localhost", (80,)),
        ("wss://127.0.0.1:8200", (8200,)),
    ],
)
def test_the_one_written_goes_first(url: str, tried: tuple[int, ...]) -> None:
    assert ports(url) == tried


def test_what_worked_goes_before_it() -> None:
    assert ports("wss://help.example.org:9000", 80) == (80, 9000, 443, 8200)
    assert ports("wss://help.example.org", 443) == (443, 8200, 80)
    assert ports("ws://127.0.0.1:8200", 443) == (8200,)


def test_an_address_at_another_port() -> None:
    assert at("wss://help.example.org:9000/x", 443) == "wss://help.example.org:443/x"
    assert at("wss://[2001:db8::1]", 80) == "wss://[2001:db8::1]:80"
