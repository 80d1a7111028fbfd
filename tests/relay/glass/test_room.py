from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.glass.room import BETWEEN, GAP, Fact, cut, fitting


def width(words: str) -> int:
    return 7 * len(words)


FACTS = [Fact("view, control", 3), Fact("100 %", 1), Fact("", 9), Fact("exact", 8)]


def test_all_stands_where_there_is_room() -> None:
    assert fitting("Connected.", FACTS, 1000, width) == (
        "Connected.",
        BETWEEN.join(["view, control", "100 %", "exact"]),
    )


def test_the_lightest_gives_way_first() -> None:
    assert fitting("Connected.", FACTS, 280, width) == ("Connected.", BETWEEN.join(["view, control", "exact"]))
    assert fitting("Connected.", FACTS, 150, width) == ("Connected.", "exact")


def test_a_long_text_is_cut() -> None:
    assert cut("a text that is long", 70, width) == "a text th…"
    assert cut("a text", 3, width) == ""


@given(
    st.text(max_size=90),
    st.lists(st.builds(Fact, st.text(max_size=20), st.integers(0, 9)), max_size=6),
    st.integers(0, 900),
)
def test_nothing_overlaps(text: str, facts: list[Fact], room: int) -> None:
    left, right = fitting(text, facts, room, width)
    assert width(left) + (GAP + width(right) if right else 0) <= max(room, 0)
