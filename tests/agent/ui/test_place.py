"""Which display there is: the same one, another of its number, none."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from rs_agent.ui import place

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X servers are looked at on Linux alone")


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(place, "SOCKETS", tmp_path)
    return tmp_path


def serve(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def test_a_server_of_the_same_number_is_another_one(sockets: Path) -> None:
    path = sockets / "X7"
    first = serve(path)
    before = place.look(":7")
    assert before is not None
    assert place.look(":7.0") is not None
    first.close()
    assert place.look(":7") is None  # its socket lies about, and nobody answers
    path.rename(sockets / "old")
    second = serve(path)
    assert place.look(":7") not in (None, before)
    second.close()


@pytest.mark.parametrize("name", ["", "nonsense", ":8", "localhost:59000"])
def test_what_leads_nowhere_is_no_display(sockets: Path, name: str) -> None:
    assert place.look(name) is None
