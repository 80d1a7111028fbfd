from __future__ import annotations

import json

import pytest

from rs_cli.terminal.accounts import LISTED, account
from rs_cli.transfers.report import KEPT, Report
from rs_relay.errors import Damaged, DiskFull, TransferFailed
from rs_relay.transfer.outcome import Outcome

FINE = Outcome("a", "a", 5, "00")


def made(*outcomes: Outcome, seconds: float = 1.0) -> Report:
    report = Report(seconds)
    for outcome in outcomes:
        report.count(outcome)
    return report


def test_many_files_are_told_as_a_number(capsys):
    report = made(*(Outcome(f"f{i}", f"f{i}", 1_000_000, "00") for i in range(LISTED + 1)), seconds=2.0)
    assert account(1, report, False) == 0
    assert capsys.readouterr().out == f"{LISTED + 1} files, {LISTED + 1}.0 MB, in 2.0 s (10 MB/s).\n"
    assert account(1, report, False, quiet=True) == 0
    assert capsys.readouterr() == ("", "")


def test_names_and_reasons_pass_the_filter(capsys):
    evil = "\x1b[2J\u202e"
    report = made(Outcome(evil, evil, 1, "00", note=evil), Outcome(evil, skipped=evil))
    account(1, report, False)
    out, err = capsys.readouterr()
    assert not {"\x1b", "\u202e"} & set(out + err)
    account(1, report, True)
    assert capsys.readouterr().out.isascii()


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([DiskFull("x")], DiskFull),
        ([DiskFull("x"), DiskFull("y")], DiskFull),
        ([DiskFull("x"), Damaged("y")], TransferFailed),
    ],
)
def test_the_exit_status_says_what_failed_if_it_is_one_thing(errors, kind, capsys):
    report = made(FINE, *(Outcome(f"{i}", error=e) for i, e in enumerate(errors)))
    with pytest.raises(kind) as e:
        account(1, report, False)
    assert type(e.value) is kind
    assert account(1, report, True) == kind.exit_status


def test_what_was_there_what_was_reused_and_what_was_mended_is_told(capsys):
    report = made(Outcome("a", "a", 9_000_000, "00", resumed_from=4_000_000, reused=3_000_000, repaired=2))
    account(1, report, False)
    out, err = capsys.readouterr()
    assert out == "a: 9.0 MB\n"
    assert "4.0 MB of it were there already" in err
    assert "3.0 MB of it were in another version" in err
    assert "damaged on its way 2 times" in err
    account(1, report, True)
    told = json.loads(capsys.readouterr().out)
    assert (told["resumed_bytes"], told["reused_bytes"], told["repaired"]) == (4_000_000, 3_000_000, 2)


def test_the_lists_are_bounded_and_the_rest_is_counted(capsys):
    failed = [Outcome(f"b{i}", error=DiskFull("full")) for i in range(KEPT + 7)]
    report = made(*[FINE] * (KEPT + 5), *failed)
    assert account(1, report, True) == DiskFull.exit_status
    told = json.loads(capsys.readouterr().out)
    assert told["more"] == {"transfers": 5, "skipped": 0, "failed": 7}
    assert len(told["transfers"]) == len(told["failed"]) == KEPT
    with pytest.raises(DiskFull, match=f"{KEPT + 7} of {2 * KEPT + 12} files"):
        account(1, report, False)
    assert f"and {KEPT + 7 - LISTED} more." in capsys.readouterr().err
