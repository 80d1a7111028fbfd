"""Brakes in the table of consent: no yes and no `allow` before its time, nor before the warning was heeded."""

from __future__ import annotations

from rs_agent.consent import Consent
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission

OFFERED = frozenset({Permission.VIEW, Permission.CONTROL})


def test_what_is_powerful_waits_and_the_rest_does_not() -> None:
    consent = Consent(OFFERED)
    consent.admit(1, braked=10.0)
    consent.ask(1, Permission.CONTROL, "alice", 0.0)
    question = consent.question
    assert question is not None
    assert question.live == 10.0
    consent.answer(question.number, True, 9.9)
    assert consent.grants(1)[Permission.CONTROL] is Grant.ASKING
    consent.allow(1, Permission.CONTROL, 9.9)
    assert not consent.granted(1, Permission.CONTROL)
    consent.answer(question.number, True, 10.0)
    assert consent.granted(1, Permission.CONTROL)
    consent.allow(1, Permission.VIEW, 0.0)
    assert consent.granted(1, Permission.VIEW)


def test_a_no_never_waits() -> None:
    consent = Consent(OFFERED, warn=True)
    consent.admit(1, braked=10.0)
    consent.ask(1, Permission.CONTROL, "alice", 0.0)
    assert consent.question is not None
    consent.answer(consent.question.number, False, 0.0)
    assert consent.grants(1)[Permission.CONTROL] is Grant.REFUSED


def test_the_warning_is_heeded_once_and_grants_nothing() -> None:
    consent = Consent(OFFERED, warn=True)
    consent.admit(1)
    consent.ask(1, Permission.VIEW, "alice", 0.0)
    warning = consent.question
    assert warning is not None
    assert warning.warn
    consent.answer(warning.number, True, 5.0)
    consent.allow(1, Permission.VIEW, 5.0)
    assert not consent.granted(1, Permission.VIEW)
    assert consent.heed(warning.number, 5.0)
    assert not consent.heed(warning.number, 5.0)
    question = consent.question
    assert question is not None
    assert not question.warn
    assert question.number != warning.number
    consent.answer(warning.number, True, 6.0)
    assert not consent.granted(1, Permission.VIEW)
    consent.answer(question.number, True, 6.0)
    assert consent.granted(1, Permission.VIEW)
    consent.ask(1, Permission.CONTROL, "alice", 7.0)
    assert consent.question is not None
    assert not consent.question.warn
