"""Every journey runs real programs on a real X server. `desktop` is a module's, a `stage` each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="module")
def desktop() -> Iterator[XDesktop]:
    with XDesktop((1024, 700), wm=True) as x:
        yield x


@pytest.fixture
def stage(desktop: XDesktop, tmp_path: Path) -> Iterator[RsStage]:
    """A relay; no agent yet."""
    folder = tmp_path / "stage"
    folder.mkdir()
    with RsStage(desktop.display, folder) as made:
        yield made


@pytest.fixture
def joined(stage: RsStage) -> RsStage:
    """A session with everything allowed beforehand."""
    stage.start_agent()
    stage.join()
    return stage
