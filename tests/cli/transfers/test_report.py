"""How it went: all is counted, the first of each kind is named."""

from __future__ import annotations

import sys

import pytest

from rs_cli.transfers.report import KEPT, Report, whole_failure
from rs_relay.errors import DiskFull, TransferFailed
from rs_relay.transfer.outcome import Outcome


def test_memory_does_not_grow_with_the_files() -> None:
    report = Report()
    for number in range(50_000):
        report.count(Outcome(f"f{number}", "f", 10, "00", resumed_from=4))
    assert (report.files, report.size, report.resumed) == (50_000, 500_000, 200_000)
    assert len(report.arrived) == KEPT
    assert sys.getsizeof(report.arrived) < 20_000


def test_each_kind_is_counted_for_itself_and_directories_not_at_all() -> None:
    report = Report()
    for outcome in (
        Outcome("d", "d"),
        Outcome("a", "a", 5, "00", repaired=2, reused=1),
        Outcome("l", skipped="a link"),
        Outcome("b", error=DiskFull("full")),
    ):
        report.count(outcome)
    assert (report.files, report.skips, report.failures) == (1, 1, 1)
    assert (report.repaired, report.reused) == (2, 1)
    with pytest.raises(DiskFull, match="1 of 3 files") as caught:
        report.check()
    assert caught.value.hint == "b: full"


def test_several_reports_are_one() -> None:
    total = Report()
    for number in range(3):
        one = Report(1.5)
        for _ in range(KEPT):
            one.count(Outcome(f"f{number}", "f", 10, "00"))
        total.add(one)
    total.add(whole_failure(TransferFailed("cancelled"), "x"))
    assert (total.files, total.seconds, total.failures) == (3 * KEPT, 4.5, 1)
    assert len(total.arrived) == KEPT
    with pytest.raises(TransferFailed):
        total.check()
