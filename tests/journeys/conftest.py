"""Every journey runs real programs on a real X server. `desktop` is a module's, a `stage` each test's own.

They run side by side, each anywhere; those that share what takes long to make are one `xdist_group`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.stage import BIN, RsStage
from tests.support.xdesktop import XDesktop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(300))  # some take 40 s where nothing else runs


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


@pytest.fixture(scope="session")
def frozen_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A relay's data folder with both downloads in it, and the port that they were made for."""
    port = free_port()
    data = tmp_path_factory.mktemp("release") / "relay"
    command = [str(BIN / "rs-relay"), "agents", "build", "--fast", "--frozen", "--data", str(data), "--relay"]
    subprocess.run([*command, f"ws://127.0.0.1:{port}"], check=True, capture_output=True, timeout=280)
    return data, port
