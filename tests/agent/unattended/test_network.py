"""The addresses of this computer's cards."""

from __future__ import annotations

import ipaddress
import socket
from collections import namedtuple
from typing import Any

import psutil
import pytest

from rs_agent.unattended.network import broadcasts, macs, wake

Card = namedtuple("Card", "family address")


def test_each_card_once_and_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    link: Any = psutil.AF_LINK
    cards = {
        "wlan0": [Card(link, "AA-BB-CC-00-11-22")],
        "lo": [Card(link, "00:00:00:00:00:00"), Card(2, "127.0.0.1")],
        "eth0": [Card(2, "192.0.2.1"), Card(link, "52:54:00:12:34:56")],
        "eth0.5": [Card(link, "52:54:00:12:34:56")],
        "ib0": [Card(link, "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:10:39")],
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: cards)
    assert macs() == ("52:54:00:12:34:56", "aa:bb:cc:00:11:22")


def test_the_packet_that_wakes() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sleeper:
        sleeper.bind(("127.0.0.1", 0))
        sleeper.settimeout(10)
        assert wake("52:54:00:12:34:56", ("127.0.0.1", "not an address"), sleeper.getsockname()[1]) == 1
        packet = sleeper.recv(200)
    assert packet == b"\xff" * 6 + bytes.fromhex("525400123456") * 16
    assert wake("52:54:00:12:34:56", ()) == 0


def test_the_networks_of_this_computer_are_told() -> None:
    assert all(ipaddress.IPv4Address(network) for network in broadcasts())
