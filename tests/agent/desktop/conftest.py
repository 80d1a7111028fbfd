"""One X server a test: starting Xvfb takes 0.2 s, and a keyboard left odd would be the next test's trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.keeping import WALL, Typed
from tests.support.xdesktop import XDesktop
from tests.support.xorg import Xorg


@pytest.fixture
def x(tmp_path: Path) -> Iterator[XDesktop]:
    with XDesktop((1000, 700), folder=tmp_path / "x") as desktop:
        yield desktop


@pytest.fixture
def walled() -> Iterator[XDesktop]:
    with XDesktop((640, 400)) as x:
        x.run("hsetroot", "-solid", "#10a040", check=True)
        assert x.pixel(100, 100) == WALL
        yield x


@pytest.fixture(scope="module")
def xorg() -> Iterator[Xorg]:
    """Its hardware takes one connection in its life, so it is a module's."""
    with Xorg() as x:
        yield x


@pytest.fixture
def typed(xorg: Xorg) -> Iterator[Typed]:
    window = Typed(xorg)
    yield window
    window.close()
