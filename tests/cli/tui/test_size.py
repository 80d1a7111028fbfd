from __future__ import annotations

import pytest

from rs_cli.tui.widgets.size import in_bytes


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (999, "999 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (24 * 2**20, "24 MiB"), (5 * 2**40, "5.0 TiB")],
)
def test_in_bytes(size: float, said: str) -> None:
    assert in_bytes(size) == said
