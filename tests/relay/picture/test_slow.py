"""What a slow line gets first."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.picture.slow import (
    AT_ONCE,
    COARSE,
    EXACT,
    HALVED,
    LEAST_TILES,
    PIXELS,
    Costs,
    Slow,
    Step,
    photographs,
    plan,
)

ROWS, COLUMNS = 34, 60


def mask(*rows: int) -> np.ndarray:
    made = np.zeros((ROWS, COLUMNS), np.bool_)
    made[list(rows)] = True
    return made


NONE, ALL = mask(), mask(*range(ROWS))
NO_SHADES = np.zeros((ROWS, COLUMNS), np.uint8)


def steps(
    damaged: np.ndarray,
    shades: np.ndarray,
    resting: np.ndarray,
    allowance: int,
    focus: np.ndarray = NONE,
    pictures: np.ndarray | None = None,
) -> list[Step]:
    return list(plan(damaged, shades, resting, Slow(allowance, focus), Costs(), 0, pictures))


@pytest.mark.parametrize(
    ("tiles", "allowance", "divisor"),
    [(3, 700, EXACT), (60, 700, 1), (180, 700, 2), (2040, 700, 4), (2040, 0, 4), (60, 4000, EXACT), (2040, 7000, 2)],
)
def test_what_changed_is_as_fine_as_fits_and_never_left_out(tiles: int, allowance: int, divisor: int) -> None:
    damaged = NONE.copy()
    damaged.ravel()[:tiles] = True
    first, *_ = steps(damaged, NO_SHADES, NONE, allowance)
    assert first.divisor == divisor
    assert (first.tiles == damaged).all()


def test_where_the_person_works_comes_first() -> None:
    """Shades in full there, at a half elsewhere, then exactly: there, and elsewhere."""
    shades, focus = np.full((ROWS, COLUMNS), 4, np.uint8), mask(20, 21)
    order = []
    while shades.any():
        for step in steps(NONE, shades, shades > 0, 900, focus):
            assert step.tiles.any()
            order.append((step.divisor, bool((step.tiles & focus).any())))
            shades[step.tiles] = step.divisor
    seen = list(dict.fromkeys(order))
    assert seen == [(1, True), (2, False), (EXACT, True), (EXACT, False)]


def test_photographs_come_in_colour_before_all_is_exact_and_are_exact_after_all_text() -> None:
    shades, focus, pictures = np.full((ROWS, COLUMNS), 4, np.uint8), mask(20, 21, 22, 23), mask(3, 4, 5, 22, 23)
    rough, order = ALL.copy(), []
    while rough.any():
        for step in steps(NONE, shades, rough, 900, focus, pictures):
            assert step.tiles.any()
            for kind in (pictures, ~pictures):
                if (step.tiles & kind).any():
                    order.append((step.divisor, bool((kind & pictures).any()), bool((step.tiles & focus).any())))
            shades[step.tiles] = max(0, step.divisor)
            rough &= ~step.tiles if step.exact else ALL
    seen = list(dict.fromkeys(order))
    text = [each for each in seen if not each[1]]
    assert text == [(1, False, True), (2, False, False), (EXACT, False, True), (EXACT, False, False)]
    photographed = [each for each in seen if each[1]]
    expected = [
        (1, True, True),
        (HALVED, True, False),
        (COARSE, True, True),
        (PIXELS, True, True),
        (PIXELS, True, False),
    ]
    assert photographed == expected
    assert seen.index((HALVED, True, False)) < seen.index((EXACT, False, True)) < seen.index((COARSE, True, True))
    assert seen.index((COARSE, True, True)) < seen.index((EXACT, False, False)) < seen.index((PIXELS, True, True))


@pytest.mark.parametrize("kind", [HALVED, COARSE])
def test_of_a_photograph_comes_one_rectangle_worth_its_tables(kind: int) -> None:
    pictures, focus = mask(3, 4, 5), ALL if kind == COARSE else NONE
    (step,) = steps(NONE, pictures.astype(np.uint8), pictures, 1, focus, pictures)
    assert (step.divisor, step.region) == (kind, True)
    assert np.count_nonzero(step.tiles) == AT_ONCE[kind]
    assert step.tiles[3].any()


def test_an_icon_is_no_photograph() -> None:
    photographic = NONE.copy()
    photographic[2:5, 2:5] = True
    photographic[10:14, 10:20] = True
    found = photographs(photographic)
    assert not found[2:5, 2:5].any()
    assert found[10:14, 10:20].all()


def test_what_changed_a_moment_ago_is_left_for_later() -> None:
    assert steps(NONE, np.full((ROWS, COLUMNS), 4, np.uint8), NONE, 900) == []


def test_no_step_is_smaller_than_its_own_head() -> None:
    (step,) = steps(NONE, NO_SHADES, ALL, 1)
    assert np.count_nonzero(step.tiles) == LEAST_TILES


def test_costs_are_learned_and_stay_within_reason() -> None:
    costs = Costs()
    for _ in range(50):
        costs.weigh(EXACT, 100, 10_000)
    assert 90 < costs.of(EXACT) < 110
    for _ in range(50):
        costs.weigh(EXACT, 100, 0)
    assert costs.of(EXACT) > 1
    before = costs.of(1)
    costs.weigh(1, LEAST_TILES - 1, 100_000)  # too few to tell
    assert costs.of(1) == before
