"""One X server a test: starting Xvfb takes 0.2 s, and a keyboard left odd would be the next test's trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.xdesktop import XDesktop


@pytest.fixture
def x(tmp_path: Path) -> Iterator[XDesktop]:
    with XDesktop((1000, 700), folder=tmp_path / "x") as desktop:
        yield desktop
