"""The error tree: drawn as it is, each with a code and an exit status of its own."""

from __future__ import annotations

import re

import pytest

from rs_relay import errors
from rs_relay.errors import BY_CODE, ConnectionLost, DiskFull, RsError, TransferFailed, Unreachable, from_wire


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    drawn = dict(re.findall(r"(?:── |    )(\w+) +(?:exit +)?(\d+)  ", errors.__doc__ or ""))
    assert {name: int(status) for name, status in drawn.items()} == {
        kind.__name__: kind.exit_status for kind in BY_CODE.values()
    }


def test_codes_are_unique_and_statuses_tell_branches_apart() -> None:
    assert len({kind.code for kind in BY_CODE.values()}) == len(BY_CODE)
    statuses = {kind.exit_status for kind in BY_CODE.values() if kind is not ConnectionLost}
    assert len(statuses) == len(BY_CODE) - 1
    assert ConnectionLost.exit_status == Unreachable.exit_status


@pytest.mark.parametrize("code", list(BY_CODE))
def test_an_error_survives_the_wire(code: str) -> None:
    error = from_wire(code, "A sentence.", "A hint.")
    assert type(error) is BY_CODE[code]
    assert (error.message, error.hint) == ("A sentence.", "A hint.")


def test_an_unknown_code_is_an_error_all_the_same() -> None:
    assert type(from_wire("from-the-future", "A sentence.")) is RsError


def test_whoever_catches_a_branch_catches_its_twigs() -> None:
    with pytest.raises(TransferFailed):
        raise DiskFull("No room.")
