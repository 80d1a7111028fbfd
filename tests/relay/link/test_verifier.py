"""What a device keeps of its access code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rs_relay.link import cpace
from rs_relay.link.verifier import BASE, SMALL, Cost, Verifier, harden, make, plain

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "unattended.json").read_text())


def test_the_verifier_of_the_vector() -> None:
    vector = VECTORS["verifier"]
    w = harden(vector["code"], bytes.fromhex(vector["salt"]), Cost(vector["m"], vector["t"], vector["p"]))
    assert w.hex() == vector["w"]
    assert cpace.x25519(w, BASE).hex() == vector["W"]


def test_the_same_code_typed_in_two_ways_is_the_same() -> None:
    salt = bytes(16)
    composed, decomposed = "caf\u00e9 au lait", " cafe\u0301 au lait "
    assert harden(composed, salt, SMALL) == harden(decomposed, salt, SMALL)
    assert harden("cafe au lait", salt, SMALL) != harden(composed, salt, SMALL)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("amber lotus ride zebra", "amber lotus ride zebra"),
        (" Amber-Lotus, RIDE.zebra\n", "amber lotus ride zebra"),
        ("mus\u00e9e \u00e9cole\u2013chat_LION", "musee ecole chat lion"),
        (" 482 915-7331 ", "4829157331"),
        ("\uff14\uff18\uff12 915 7331", "4829157331"),
        ("two-Words here", "two-Words here"),
        ("F\u00fcnf blaue \u00c4pfel", "F\u00fcnf blaue \u00c4pfel"),
        ("Amber lotus ride zebra9", "Amber lotus ride zebra9"),
        ("Amber lotus ride zebra kin", "Amber lotus ride zebra kin"),
    ],
)
def test_how_a_made_code_is_written_does_not_matter(typed: str, taken: str) -> None:
    assert plain(typed) == taken
    assert plain(taken) == taken


def test_each_verifier_has_a_salt_of_its_own_and_shows_nothing() -> None:
    one, two = make("correct horse 42", SMALL), make("correct horse 42", SMALL)
    assert one.salt != two.salt
    assert one.w != two.w
    assert one.w.hex() not in repr(one)
    assert "w=" not in repr(Verifier(bytes(16), SMALL, bytes(32)))


@pytest.mark.parametrize(
    ("cost", "fair"),
    [
        (Cost(), True),
        (SMALL, True),
        (Cost(1024 * 1024, 10, 4), True),
        (Cost(19_455, 2, 1), False),
        (Cost(65_536, 1, 4), False),
        (Cost(1024 * 1024 + 1, 3, 4), False),
        (Cost(65_536, 11, 4), False),
        (Cost(65_536, 3, 5), False),
        (Cost(65_536, 3, 0), False),
    ],
)
def test_what_a_technician_is_ready_to_compute(cost: Cost, fair: bool) -> None:
    assert cost.fair is fair
    assert Cost.unpack(cost.pack()) == cost
