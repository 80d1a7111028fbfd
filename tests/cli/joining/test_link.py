"""The link that a customer is sent: the relay's page, the code behind the #."""

from __future__ import annotations

import pytest

from rs_cli.joining.link import join_link


@pytest.mark.parametrize(
    ("relay", "link"),
    [
        ("wss://help.example.org", "https://help.example.org/join#482-915-733"),
        ("ws://127.0.0.1:8200", "http://127.0.0.1:8200/join#482-915-733"),
        ("wss://example.org/ws/", "https://example.org/ws/join#482-915-733"),
    ],
)
def test_the_code_is_behind_the_hash(relay: str, link: str) -> None:
    assert join_link(relay, "482-915-733") == link
