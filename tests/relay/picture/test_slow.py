"""What a slow line gets first."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.picture.slow import EXACT, LEAST_TILES, Costs, Slow, Step, plan

ROWS, COLUMNS = 34, 60


def mask(*rows: int) -> np.ndarray:
    made = np.zeros((ROWS, COLUMNS), np.bool_)
    made[list(rows)] = True
    return made


NONE, ALL = mask(), mask(*range(ROWS))
NO_SHADES = np.zeros((ROWS, COLUMNS), np.uint8)


def steps(
    damaged: np.ndarray, shades: np.ndarray, resting: np.ndarray, allowance: int, focus: np.ndarray = NONE
) -> list[Step]:
    return list(plan(damaged, shades, resting, Slow(allowance, focus), Costs()))


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
