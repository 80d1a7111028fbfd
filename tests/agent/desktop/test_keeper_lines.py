"""The lines between an agent and its keeper."""

from __future__ import annotations

import pytest

from rs_agent.desktop.keeping import Change, Kept
from rs_agent.desktop.x11.keeper import lines


def test_each_side_reads_what_the_other_wrote() -> None:
    want = lines.Want((Change.BLANK, Change.BLOCK))
    assert lines.want(lines.pack(want)) == want
    told = lines.Told((Change.BLANK,), {Change.BLOCK: "why"}, True)
    assert lines.told(lines.pack(told)).kept() == Kept(frozenset({Change.BLANK}), {Change.BLOCK: "why"}, True)


@pytest.mark.parametrize("line", [b"", b"{", b'{"changes": ["format-disk"]}', b'{"changes": 1}'])
def test_what_is_no_line_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        lines.want(line)
