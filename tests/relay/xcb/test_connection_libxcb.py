"""A connection to a real X server, and what is refused before there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rs_relay.xcb import libxcb
from rs_relay.xcb.connection import Connection
from rs_relay.xcb.libxcb import NoShared
from tests.support.xdesktop import XDesktop


@pytest.fixture
def desktop() -> Iterator[XDesktop]:
    with XDesktop((300, 200)) as running:
        yield running


def test_how_pixels_lie_and_the_end_of_the_server(desktop: XDesktop) -> None:
    link = Connection(desktop.display)
    link.round_trip()
    assert not link.lost
    assert any(link.greeting.bits[visual.depth] == 32 for visual in link.greeting.visuals.values())
    with pytest.raises(NoShared):
        link.visual(0x7FFFFFFF)
    desktop.stop()
    link.round_trip()
    assert link.lost
    link.close()
    link.close()


def test_a_display_that_is_not_there() -> None:
    with pytest.raises(NoShared):
        Connection(":54321")


def test_a_system_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str | None) -> None:
        raise OSError(name)

    monkeypatch.setattr(libxcb.c, "CDLL", none)
    with pytest.raises(NoShared):
        libxcb.load()
