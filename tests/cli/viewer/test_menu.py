"""What the menu offers, as data; the posted menu itself is in test_window."""

from __future__ import annotations

from rs_cli.viewer.menu import Group, Line, Rule, becomes, offered, underlined
from rs_cli.viewer.pipe import Entry, Kind


def nothing() -> None:
    pass


def test_each_letter_chooses_one_line() -> None:
    items = [Line("Fit", nothing, letter="F"), Line("Full", nothing), Rule(), Group("Film"), Line("fff", nothing)]
    assert underlined(items) == [0, 1, -1, 1, -1]


def test_a_letter_that_is_asked_for_is_kept_for_who_asks() -> None:
    items = [Line("Save all", nothing), Line("Send", nothing, letter="S")]
    assert underlined(items) == [1, 0]


def test_the_sessions_entries_stand_in_their_groups() -> None:
    chosen: list[tuple[str, bool]] = []
    entries = [
        Entry("pause", "Pause", Kind.CHECK, on=True),
        Entry("all", "All colours", Kind.CHOICE, "Quality", on=True),
        Entry("go", "Go\x1b[31m", enabled=False),
        Entry("few", "Few colours", Kind.CHOICE, "Quality"),
    ]
    pause, quality, go = offered(entries, lambda what, on: chosen.append((what, on)))
    assert isinstance(pause, Line)
    assert isinstance(quality, Group)
    assert isinstance(go, Line)
    assert (pause.kind, pause.on) == (Kind.CHECK, True)
    assert "\x1b" not in go.label
    assert not go.enabled
    assert [(line.label, line.on) for line in quality.lines] == [("All colours", True), ("Few colours", False)]
    pause.run()
    quality.lines[1].run()
    assert chosen == [("pause", False), ("few", True)]


def test_what_an_entry_becomes() -> None:
    assert becomes(Entry("a", "a", Kind.CHECK))
    assert not becomes(Entry("a", "a", Kind.CHECK, on=True))
    assert becomes(Entry("a", "a", Kind.CHOICE, on=True))
    assert becomes(Entry("a", "a"))
