"""From facts to findings: what was not seen, what met an error, what stands in the way."""

from __future__ import annotations

from rs_agent.doctor.verdict import Finding, Probe, Sign, examine, no, partly, stops, yes
from rs_relay.errors import LocalProblem, Unreachable, UsageError


def judge(fact: Finding) -> Finding:
    return fact


FIRST = Probe("first", "First", "a", judge, needed=True)
SECOND = Probe("second", "Second", "b", judge, needed=True)
ASIDE = Probe("aside", "Aside", "a", judge, otherwise="There is no screen for it.")


def test_each_probe_is_given_the_fact_that_it_names_and_told_in_its_order() -> None:
    results = examine({"a": yes("one"), "b": partly("two", "do")}, (SECOND, FIRST))
    assert [(r.probe.name, r.finding.sign, r.finding.reason) for r in results] == [
        ("second", Sign.PARTLY, "two"),
        ("first", Sign.YES, "one"),
    ]
    assert stops(results) is None


def test_a_look_that_is_late_does_not_work_and_says_so() -> None:
    (result,) = examine({}, (FIRST,))
    assert result.finding.sign is Sign.NO
    assert "in time" in result.finding.reason
    assert stops([result]) is result.finding
    assert result.finding.error is LocalProblem


def test_an_error_is_told_in_its_own_words_with_its_hint_and_status() -> None:
    (result,) = examine({"a": Unreachable("Nobody there.", "Go there.")}, (FIRST,))
    assert (result.finding.reason, result.finding.advice) == ("Nobody there.", "Go there.")
    assert result.finding.error is Unreachable


def test_what_hangs_on_another_probes_look_is_short() -> None:
    for fact in (None, LocalProblem("No display.", "A long advice.")):
        (result,) = examine({"a": fact}, (ASIDE,))
        assert (result.finding.reason, result.finding.advice) == ("There is no screen for it.", "")


def test_the_first_needed_thing_that_does_not_work_names_the_status() -> None:
    results = examine({"a": yes("one"), "b": no("two", "", UsageError)}, (FIRST, ASIDE, SECOND))
    stop = stops(results)
    assert stop is not None
    assert stop.error is UsageError


def test_what_is_not_needed_stops_nothing() -> None:
    assert stops(examine({"a": no("one")}, (ASIDE,))) is None
