"""What is said of transfers when they are over: for a person, or as one JSON document.

{"session": 3, "seconds": 1.2, "bytes": 3000, "files": 1, "resumed_bytes": 0, "reused_bytes": 0, "repaired": 0,
 "transfers": [{"name", "saved_as", "size", "sha256", "resumed_from", "note"}],
 "skipped": [{"name", "reason"}], "failed": [{"name", "code", "message"}],
 "more": {"transfers": 0, "skipped": 0, "failed": 0}}

Each list holds a thousand at most; `more` counts the rest.
"""

from __future__ import annotations

from typing import Any

from rs_cli.terminal import output
from rs_cli.transfers import rates
from rs_cli.transfers.report import Report
from rs_relay.errors import RsError
from rs_relay.text import printable
from rs_relay.transfer.part import amount

LISTED = 20  # files told one by one; more are told as a number
NAME = 100  # cells


def account(session: int, report: Report, as_json: bool, quiet: bool = False) -> int:
    """Print it; the exit status. In words, a failure is raised instead of returned."""
    if not as_json:
        _tell(report, quiet)
        report.check()
        return 0
    output.data(_document(session, report))
    try:
        report.check()
    except RsError as error:
        return error.exit_status
    return 0


def _document(session: int, report: Report) -> dict[str, Any]:
    return {
        "session": session,
        "seconds": round(report.seconds, 3),
        "bytes": report.size,
        "files": report.files,
        "resumed_bytes": report.resumed,
        "reused_bytes": report.reused,
        "repaired": report.repaired,
        "transfers": [
            {
                "name": o.name,
                "saved_as": o.saved_as,
                "size": o.size,
                "sha256": o.sha256,
                "resumed_from": o.resumed_from,
                "note": o.note,
            }
            for o in report.arrived
        ],
        "skipped": [{"name": o.name, "reason": o.skipped} for o in report.skipped],
        "failed": [
            {"name": o.name, "code": o.error.code, "message": o.error.message} for o in report.failed if o.error
        ],
        "more": {
            "transfers": report.files - len(report.arrived),
            "skipped": report.skips - len(report.skipped),
            "failed": report.failures - len(report.failed),
        },
    }


def _tell(report: Report, quiet: bool) -> None:
    quiet = quiet or output.hushed()
    if not quiet:
        _tell_arrived(report)
    said = [(o.name, o.skipped) for o in report.skipped if not quiet]
    if report.failures > 1:  # else the error itself says it
        said += [(o.name, o.error.message) for o in report.failed if o.error]
    for name, why in said[:LISTED]:
        output.complain(f"{printable(name, NAME)}: {printable(why)}")
    everything = report.failures + (0 if quiet else report.skips)
    if said and everything > LISTED:
        output.complain(f"… and {everything - LISTED} more.")


def _tell_arrived(report: Report) -> None:
    took = f"in {report.seconds:.1f} s"
    moved = report.size - report.resumed - report.reused
    if report.seconds > 0 and moved > 0:
        took += f" ({rates.shown(moved / report.seconds)})"
    if report.files > LISTED:
        output.answer(f"{report.files} files, {amount(report.size)}, {took}.")
    for o in report.arrived if report.files <= LISTED else ():
        name, saved = printable(o.name, NAME), printable(o.saved_as, NAME)
        output.answer(f"{name}: {amount(o.size)}" + (f", saved as {saved}" if saved != name else ""))
        if o.note:
            output.note(f"    {printable(o.note)}")
    if 1 < report.files <= LISTED:
        output.progress(f"{report.files} files, {amount(report.size)}, {took}.")
    elif report.files == 1:
        output.progress(f"{took[0].upper()}{took[1:]}.")
    if report.resumed:
        output.note(f"{amount(report.resumed)} of it were there already, from before.")
    if report.reused:
        output.note(f"{amount(report.reused)} of it were in another version of the file, and not sent.")
    if report.repaired:
        times = "once" if report.repaired == 1 else f"{report.repaired} times"
        output.note(f"It was damaged on its way {times}, and mended.")
