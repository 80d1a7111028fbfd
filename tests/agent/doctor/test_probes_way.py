"""The relay and the clock, from facts: which cure is told for which failure."""

from __future__ import annotations

import pytest

from rs_agent.doctor.facts import Clock, Place, Way
from rs_agent.doctor.probes import way
from rs_agent.doctor.verdict import Sign
from rs_relay.errors import SignInNeeded, Unreachable

URL = "wss://relay.example.org"
DEAD = Unreachable("The relay cannot be reached.", "Look.")
FOUR, SIX = Place("192.0.2.7", 443, True), Place("2001:db8::7", 443, True)


def test_a_relay_that_answers_is_told_with_its_addresses() -> None:
    found = way.relay(Way(URL, False, places=(FOUR, SIX), milliseconds=42))
    assert found.sign is Sign.YES
    assert "42 ms" in found.reason
    assert "192.0.2.7:443, [2001:db8::7]:443" in found.reason


def test_one_of_its_addresses_is_silent() -> None:
    found = way.relay(Way(URL, False, places=(FOUR, Place("2001:db8::7", 443, False))))
    assert found.sign is Sign.PARTLY
    assert "No answer from [2001:db8::7]:443" in found.reason
    assert "at 192.0.2.7:443" in found.reason


def test_a_proxy_is_named_and_its_own_addresses_are_not_looked_for() -> None:
    found = way.relay(Way(URL, False, proxy="proxy.example.org:3128"))
    assert found.sign is Sign.YES
    assert "proxy.example.org:3128" in found.reason


@pytest.mark.parametrize(
    ("seen", "cure"),
    [
        (Way(URL, True, problem=DEAD), "No relay is set"),
        (Way(URL, False, proxy="proxy.example.org:3128", problem=DEAD), "proxy.example.org:3128"),
        (Way(URL, False, known=False, problem=DEAD), "name"),
        (Way(URL, False, places=(Place("192.0.2.7", 443, False),), problem=DEAD), "192.0.2.7:443"),
        (Way(URL, False, places=(FOUR,), problem=DEAD), "Look."),
    ],
)
def test_the_cure_is_that_of_the_cause(seen: Way, cure: str) -> None:
    found = way.relay(seen)
    assert found.sign is Sign.NO
    assert found.error is Unreachable
    assert URL in found.reason
    assert cure in found.advice


def test_the_status_is_that_of_what_the_relay_said() -> None:
    assert way.relay(Way(URL, False, problem=SignInNeeded("No."))).error is SignInNeeded


@pytest.mark.parametrize(
    ("off", "sign", "words"),
    [
        (0, Sign.YES, "agrees"),
        (-119, Sign.YES, "agrees"),
        (600, Sign.PARTLY, "10 minutes ahead"),
        (-3 * 3600, Sign.PARTLY, "3 hours behind"),
        (-400 * 86400, Sign.NO, "400 days behind"),
    ],
)
def test_a_clock_beside_the_relays(off: float, sign: Sign, words: str) -> None:
    found = way.clock(Clock(1.8e9 + off, 1.8e9))
    assert found.sign is sign
    assert words in found.reason


def test_a_clock_alone_is_right_unless_it_is_before_the_program_was_made() -> None:
    assert way.clock(Clock(1.8e9, None, 1.7e9)).sign is Sign.PARTLY
    assert way.clock(Clock(1.6e9, None, 1.7e9)).sign is Sign.NO
