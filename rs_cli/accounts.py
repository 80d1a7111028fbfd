"""What is said of a transfer when it is over: for a person, or as one JSON document.

{"session": 3, "seconds": 1.2, "bytes": 3000,
 "transfers": [{"name", "saved_as", "size", "sha256", "resumed_from", "note"}],
 "skipped": [{"name", "reason"}], "failed": [{"name", "code", "message"}]}
"""

from __future__ import annotations

from typing import Any

from rs_cli import output
from rs_cli.features.files import Report
from rs_relay.errors import RsError
from rs_relay.text import printable
from rs_relay.transfer.part import megabytes

LISTED = 20  # files told one by one; more are told as a number
NAME = 100  # cells


def account(session: int, report: Report, as_json: bool) -> int:
    """Print it; the exit status. In words, a failure is raised instead of returned."""
    if not as_json:
        _tell(report)
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
        "bytes": sum(o.size for o in report.arrived),
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
    }


def _tell(report: Report) -> None:
    arrived = report.arrived
    if len(arrived) > LISTED:
        output.answer(f"{len(arrived)} files, {megabytes(sum(o.size for o in arrived))}, in {report.seconds:.1f} s.")
    for o in arrived if len(arrived) <= LISTED else ():
        name, saved = printable(o.name, NAME), printable(o.saved_as, NAME)
        output.answer(f"{name}: {megabytes(o.size)}" + (f", saved as {saved}" if saved != name else ""))
        if o.note:
            output.note(f"    {printable(o.note)}")
    said = [(o, o.skipped) for o in report.skipped] + [(o, o.error.message) for o in report.failed if o.error]
    if len(report.outcomes) == 1 and report.failed:
        said = []  # the error itself says it
    for o, why in said[:LISTED]:
        output.note(f"{printable(o.name, NAME)}: {printable(why)}")
    if len(said) > LISTED:
        output.note(f"… and {len(said) - LISTED} more.")
