"""This computer's printers, against a cupsd of the test's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_cli.printing import spooling
from rs_cli.printing.spooling import JobState, Order, Printer, ShellVerb
from rs_relay.errors import LocalProblem, UsageError
from tests.support.cups import Cups


@pytest.fixture
def cups(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cups]:
    with Cups(tmp_path_factory.mktemp("c") / "d") as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        yield running


def ended(job: str) -> JobState:
    until = time.monotonic() + 30
    while not (state := spooling.spooler().state(job)).over:
        assert time.monotonic() < until, state
        time.sleep(0.05)
    return state


def test_a_file_is_printed_and_may_go_at_once(cups: Cups, tmp_path: Path) -> None:
    assert spooling.spooler().printers() == (Printer("Keeper", False, "is idle"),)
    file = tmp_path / "-odd name.txt"
    file.write_bytes(b"%PDF-1.4 what is printed \x00\xff")
    job = spooling.spooler().submit(file, "A title; $(rm)", Order("Keeper", 2, ("media=A4",)))
    file.unlink()
    assert ended(job) is JobState.DONE
    assert (cups.printed / "job-1").read_bytes() == b"%PDF-1.4 what is printed \x00\xff"
    assert "media=A4" in (cups.printed / "job-1.options").read_text()


def test_held_cancelled_failed_unknown(cups: Cups, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    spooler = spooling.spooler()
    cups.pause(True)
    job = spooler.submit(file, "a", Order("Keeper"))
    assert not spooler.state(job).over
    cups.cancel_all()
    assert ended(job) is JobState.CANCELLED
    cups.pause(False)
    cups.fail()
    assert ended(spooler.submit(file, "a", Order("Keeper"))) is JobState.FAILED
    assert spooler.state("Keeper-99") is JobState.UNKNOWN


def test_what_the_spooler_refuses(cups: Cups, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    with pytest.raises(LocalProblem, match="refused"):
        spooling.spooler().submit(file, "a", Order("Nowhere"))


def test_without_a_printing_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LocalProblem, match="`lp`"):
        spooling.spooler()


def test_options_are_words_of_a_spooler() -> None:
    assert spooling.check(["media=A4", "landscape"]) == ("media=A4", "landscape")
    for bad in ("", "a b=c", "-d=x;", "media=A4\nx"):
        with pytest.raises(UsageError):
            spooling.check([bad])


def test_windows_is_not_asked_to_run_anything(tmp_path: Path) -> None:
    with pytest.raises(LocalProblem):
        ShellVerb().submit(tmp_path / "x.exe", "x", Order())
    with pytest.raises(UsageError):
        ShellVerb().submit(tmp_path / "x.pdf", "x", Order(copies=2))
