"""What is shown: lines that fit, and a JSON object."""

from __future__ import annotations

import json

from rs_agent import language
from rs_agent.doctor import report
from rs_agent.doctor.verdict import Probe, Result, no, partly, yes
from rs_relay.errors import Unreachable
from rs_relay.text import cells

LONG = "A reason that is as long as reasons can be, with a path in it: " + "/a" * 8 + ", and it goes on. " * 4
RESULTS = [
    Result(Probe("relay", "Relay", "", yes, needed=True), no("Nobody.", "Go there.", Unreachable)),
    Result(Probe("hands", "Mouse and keyboard", "", yes), partly(LONG, LONG)),
    Result(Probe("window", "Window", "", yes), yes("There.")),
]


def test_lines_fit_and_stand_below_each_other() -> None:
    for columns in (60, 80, 200):
        lines = report.text(RESULTS, columns).splitlines()
        assert max(map(cells, lines)) <= min(max(columns - 1, report.NARROW), report.WIDE)
    assert lines[0].startswith("no      Relay               Nobody.")
    assert lines[1].strip() == "> Go there."
    assert lines[-1] == "No support session is possible as it is: see “Relay”."


def test_what_works_is_concluded() -> None:
    assert report.conclusion(RESULTS[1:]) == "A support session is possible."


def test_colours_are_for_terminals_that_want_them() -> None:
    assert "\x1b" not in report.text(RESULTS, 80)
    assert "\x1b[31mno" in report.text(RESULTS, 80, colours=True)


def test_text_of_others_cannot_speak_to_the_terminal() -> None:
    evil = [Result(RESULTS[0].probe, yes("user \x1b]0;x\x07 and \x9b31m"))]
    assert not set(report.text(evil, 80)) & {"\x1b", "\x07", "\x9b"}
    assert not set(json.loads(report.as_json(evil))["abilities"][0]["reason"]) & {"\x1b", "\x9b"}


def test_json() -> None:
    told = report.as_json(RESULTS)
    assert told.isascii()
    assert "\n" not in told
    answer = json.loads(told)
    assert (answer["possible"], answer["error"]) == (False, "unreachable")
    assert answer["abilities"][0] == {"name": "relay", "works": "no", "reason": "Nobody.", "advice": "Go there."}
    assert json.loads(report.as_json(RESULTS[1:]))["possible"] is True


def test_it_speaks_the_customers_language() -> None:
    language.use("fr")
    try:
        assert report.text(RESULTS[2:], 80).startswith("oui")
        assert json.loads(report.as_json(RESULTS))["abilities"][0]["works"] == "no"  # for programs
    finally:
        language.use(None)
