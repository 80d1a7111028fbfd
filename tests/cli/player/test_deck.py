from __future__ import annotations

from rs_cli.player.deck import SPEEDS, Deck


def test_it_plays_stops_and_goes_on() -> None:
    deck = Deck(10_000, 5.0)
    assert (deck.look(50.0), deck.playing) == (0, False)
    deck.toggle(50.0)
    assert deck.look(51.5) == 1500
    deck.toggle(51.5)
    assert deck.look(60.0) == 1500
    deck.toggle(60.0)
    assert deck.look(61.0) == 2500


def test_at_the_end_it_stops_and_begins_anew() -> None:
    deck = Deck(1000, 0.0)
    deck.toggle(0.0)
    assert (deck.look(0.9), deck.playing) == (900, True)
    assert (deck.look(1.4), deck.playing) == (1000, False)
    assert deck.look(9.0) == 1000
    deck.toggle(9.0)
    assert (deck.look(9.5), deck.playing) == (500, True)


def test_seeking_stays_within_and_goes_on_playing() -> None:
    deck = Deck(60_000, 0.0)
    deck.toggle(0.0)
    deck.seek(30_000, 1.0)
    assert (deck.look(2.0), deck.playing) == (31_000, True)
    deck.step(-5000, 2.0)
    assert deck.look(2.0) == 26_000
    deck.seek(-7, 3.0)
    assert deck.look(3.0) == 0
    deck.seek(99_000, 3.0)
    assert (deck.look(3.0), deck.playing) == (60_000, False)


def test_another_speed_holds_from_then_on() -> None:
    deck = Deck(600_000, 0.0)
    deck.toggle(0.0)
    deck.go(4.0, 10.0)
    assert deck.look(11.0) == 14_000
    deck.faster(1, 11.0)
    assert deck.speed == 8.0
    deck.faster(1, 11.0)
    assert deck.speed == SPEEDS[-1]
    deck.faster(-9, 11.0)
    assert deck.speed == SPEEDS[0]
    assert deck.look(13.0) == 15_000


def test_an_empty_one() -> None:
    deck = Deck(0, 0.0)
    deck.toggle(0.0)
    assert (deck.look(1.0), deck.playing) == (0, False)
