from __future__ import annotations

import pytest

from rs_cli.accounts import LISTED, account
from rs_cli.features.files import Report
from rs_relay.errors import Damaged, DiskFull, TransferFailed
from rs_relay.transfer.outcome import Outcome

FINE = Outcome("a", "a", 5, "00")


def test_many_files_are_told_as_a_number(capsys):
    report = Report(tuple(Outcome(f"f{i}", f"f{i}", 1000, "00") for i in range(LISTED + 1)), 2.0)
    assert account(1, report, False) == 0
    assert capsys.readouterr().out == f"{LISTED + 1} files, 0.0 MB, in 2.0 s.\n"


def test_names_and_reasons_pass_the_filter(capsys):
    evil = "\x1b[2J\u202e"
    report = Report((Outcome(evil, evil, 1, "00", note=evil), Outcome(evil, skipped=evil)), 1.0)
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
    report = Report((FINE, *(Outcome(f"{i}", error=e) for i, e in enumerate(errors))), 1.0)
    with pytest.raises(kind) as e:
        account(1, report, False)
    assert type(e.value) is kind
    assert account(1, report, True) == kind.exit_status
