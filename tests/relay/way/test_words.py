"""Every reason has its sentence and says what to do."""

from __future__ import annotations

from rs_relay.way.words import WORDS, Closed, Why


def test_every_reason_is_told() -> None:
    assert set(WORDS) == set(Why)
    for why in Why:
        closed = Closed(why)
        assert closed.sentence.endswith(".")
        assert closed.hint.endswith((".", ")."))
        assert str(closed) == closed.sentence
