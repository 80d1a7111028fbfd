"""The journal told again: what was really written, and what damaged lines do to it."""

from __future__ import annotations

import json
from pathlib import Path

from rs_agent import language, retelling
from rs_agent.journal import FILE, Journal


def written(folder: Path) -> list[str]:
    time = iter(range(1_000_000, 2_000_000, 10))
    journal = Journal(folder, lambda: float(next(time)))
    journal.write("wrong-code", who="mallory")
    journal.write("session", who="alice", allowed=["view"])
    journal.write("link", who="alice")
    journal.write("link", who="bob")
    journal.write("granted", permission="control")
    journal.write("file received", text="report\x1b.pdf")
    journal.write("command", text="exited 0 uname -a")
    journal.write("tunnel", text="10.0.0.1:22")
    journal.write("withdrawn", permission="control")
    journal.write("something-of-later", text="x")
    journal.write("session-ended", reason="You ended it.", seconds=3723.4)
    journal.write("session", who="carol", allowed=[])
    journal.close()
    return (folder / FILE).read_text().splitlines()


def test_who_when_how_long_what_was_allowed_and_done(tmp_path: Path) -> None:
    first, second = retelling.sessions(written(tmp_path))
    assert (first.who, first.allowed, first.seconds, first.reason) == (
        ["alice", "bob"],
        ["view"],
        3723.4,
        "You ended it.",
    )
    text = "\n".join(retelling.as_text(first))
    for words in (
        "alice, bob", "(1:02:03)", "allowed beforehand: SEE YOUR SCREEN", "typed a wrong code: mallory",
        "you allowed: USE YOUR MOUSE AND KEYBOARD", r"received: report\x1b.pdf", "command: exited 0 uname -a",
        "connection to 10.0.0.1:22", "you took back: USE YOUR MOUSE AND KEYBOARD", "the end: You ended it.",
        "something-of-later x",
    ):  # fmt: skip
        assert words in text, words
    assert "\x1b" not in text
    assert second.seconds is None
    assert "its end was not written down" in retelling.as_text(second)[0]
    assert json.loads(json.dumps(retelling.as_json(first)))["who"] == ["alice", "bob"]


def test_in_french(tmp_path: Path) -> None:
    language.use("fr")
    try:
        text = "\n".join(retelling.as_text(retelling.sessions(written(tmp_path))[0]))
    finally:
        language.use(None)
    assert "vous avez autorisé : UTILISER VOTRE SOURIS ET VOTRE CLAVIER" in text


def test_a_damaged_line_costs_itself_alone(tmp_path: Path) -> None:
    lines = written(tmp_path)
    whole = retelling.sessions(lines)
    bad = ["", "{", "[]", "null", '{"at":1}', '{"kind":3,"at":1}', '{"kind":"x","at":"y"}', '{"kind":"x","at":1e300}']
    assert retelling.sessions([*bad, *lines[:4], *bad, *lines[4:], lines[5][:20]]) == whole
