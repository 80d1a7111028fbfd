"""Looks run beside each other, and nobody waits for one that hangs."""

from __future__ import annotations

import threading
import time

import pytest

from rs_agent.doctor.looks import look
from rs_relay.errors import LocalProblem, NotAllowed


def test_what_hangs_is_left_and_the_others_are_there() -> None:
    hold = threading.Event()
    began = time.monotonic()
    facts = look({"hangs": hold.wait, "there": lambda: 7}, seconds=0.3)
    assert time.monotonic() - began < 30
    assert facts == {"hangs": None, "there": 7}
    hold.set()


def test_what_comes_too_late_changes_nothing() -> None:
    hold, done = threading.Event(), threading.Event()

    def late() -> int:
        hold.wait()
        done.set()
        return 7

    facts = look({"late": late}, seconds=0.05)
    hold.set()
    assert done.wait(30)
    time.sleep(0.05)
    assert facts == {"late": None}


def test_errors_are_facts(caplog: pytest.LogCaptureFixture) -> None:
    def fails(error: Exception) -> object:
        raise error

    mine = NotAllowed("No.")
    facts = look(
        {
            "mine": lambda: fails(mine),
            "system": lambda: fails(PermissionError(13, "Permission denied")),
            "library": lambda: fails(ModuleNotFoundError("x", name="numpy")),
            "defect": lambda: fails(KeyError("x")),
        }
    )
    assert facts["mine"] is mine
    for name, hint in (("system", "Permission denied"), ("library", "numpy"), ("defect", "")):
        error = facts[name]
        assert isinstance(error, LocalProblem)
        assert error.hint == hint
    assert "a defect" in caplog.text  # and nothing on the terminal
