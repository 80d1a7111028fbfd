"""How a transfer went: counts of everything, and the first of each kind by name.

A directory of any number of files takes the memory of KEPT of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rs_relay.errors import RsError, TransferFailed
from rs_relay.transfer.outcome import Outcome

KEPT = 1000  # outcomes of each kind that are kept; the rest is counted


@dataclass
class Report:
    """`arrived`, `skipped` and `failed` hold the first KEPT; the counts hold all. `size` and `resumed` in bytes."""

    seconds: float = 0.0
    files: int = 0  # that arrived
    size: int = 0  # bytes of them
    resumed: int = 0  # bytes of them that were there already
    reused: int = 0  # bytes of them that another version here or there held, and were not sent
    repaired: int = 0  # times that one was damaged on its way, and mended
    skips: int = 0
    failures: int = 0
    arrived: list[Outcome] = field(default_factory=list)
    skipped: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        """One more is settled."""
        if outcome.error:
            self.failures += 1
            kept = self.failed
        elif outcome.skipped:
            self.skips += 1
            kept = self.skipped
        elif outcome.sha256:
            self.files += 1
            self.size += outcome.size
            self.resumed += outcome.resumed_from
            self.reused += outcome.reused
            self.repaired += outcome.repaired
            kept = self.arrived
        else:
            return  # a directory
        if len(kept) < KEPT:
            kept.append(outcome)

    def add(self, other: Report) -> None:
        """What another transfer of the same command did."""
        self.seconds += other.seconds
        for name in ("files", "size", "resumed", "reused", "repaired", "skips", "failures"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.arrived, other.arrived), (self.skipped, other.skipped), (self.failed, other.failed)):
            mine.extend(theirs[: KEPT - len(mine)])

    def check(self) -> None:
        """Raises the error of the only file, or one that sums up several."""
        errors = [outcome.error for outcome in self.failed if outcome.error]
        if not errors:
            return
        everything = self.files + self.skips + self.failures
        if everything == 1:
            raise errors[0]
        kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else TransferFailed
        only = f"{self.failed[0].name}: {errors[0].message}" if self.failures == 1 else ""
        raise kind(f"{self.failures} of {everything} files did not arrive.", only)


def whole_failure(error: RsError, name: str) -> Report:
    """The report of a transfer that an error ended as a whole."""
    report = Report()
    report.count(Outcome(name, error=error))
    return report
