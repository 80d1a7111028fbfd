"""Waking another computer from the customer's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features import wake as feature
from rs_relay.channels.wake import SPEC, Sent, Wake
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.channels import channel_pair
from tests.support.customer import FakeDesktop, FakeFace

MAC = "52:54:00:12:34:56"


async def test_the_customer_reads_it_and_it_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(feature, "wake", lambda mac: sent.append(mac) or 2)
    face, notes = FakeFace(), list[tuple[str, str]]()
    context = Context(FakeDesktop(), face, tmp_path, "alice", note=lambda kind, text: notes.append((kind, text)))
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.Wake(context).run(agent))
    await technician.send(Wake(MAC))
    assert await technician.receive() == Sent(MAC, 2)
    assert sent == [MAC]
    assert face.notices == ["alice wakes another computer in your network."]
    assert notes == [("wake", MAC)]
    await technician.close()
    await running


async def test_no_card_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature, "wake", lambda mac: 0)
    for mac, error in ((MAC, LocalProblem), ("52:54:00:12:34:5G", PeerBroke), ("127.0.0.1", PeerBroke)):
        technician, agent = channel_pair(SPEC)
        running = asyncio.create_task(feature.Wake(Context(FakeDesktop(), FakeFace(), tmp_path, "alice")).run(agent))
        await technician.send(Wake(mac))
        with pytest.raises(error):
            await running
