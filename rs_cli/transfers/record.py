"""What is written down of one transfer: enough to show it, and to do it again. Pure.

The names in it are secrets of the user: `board` writes it for the owner alone, and takes it away.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from rs_relay.transfer.messages import UNKNOWN

FAILURES = 20  # named in a record; the rest is counted


class State(StrEnum):
    QUEUED = "queued"  # for its turn
    WAITING = "waiting"  # for a link
    MOVING = "moving"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # its program ended before it did

    @property
    def is_over(self) -> bool:
        return self in (State.DONE, State.FAILED, State.CANCELLED, State.STOPPED)


class Order(msgspec.Struct, frozen=True):
    """What was asked for. The same order again goes on where the last attempt ended."""

    sending: bool
    paths: tuple[str, ...]  # absolute ones of this computer when sending; else one of the customer's
    key: str  # 32 hex digits, the batch's
    local: str = ""  # fetching: the folder or file of this computer, absolute
    into: str = ""  # sending: below the customer's folder for received files …
    at: str = ""  # … or this path of the customer's
    overwrite: bool = False
    if_newer: bool = False
    modes: bool = False
    links: bool = False
    pipe: bool = False  # from or into a pipe, which is gone with its program


class Failure(msgspec.Struct, frozen=True):
    name: str
    code: str
    message: str


class Record(msgspec.Struct, frozen=True):
    """Sizes in bytes, times in seconds since 1970 (0: not yet), rates in bytes/s."""

    id: int
    owner: str  # the program that moves it
    session: int
    customer: str
    order: Order
    label: str
    state: State
    place: int = 0  # in its program's queue, from 1; 0 when it is over
    name: str = ""  # what moves now
    done: int = 0
    total: int = UNKNOWN
    resumed: int = 0  # of `done`, what was there before
    files: int = 0
    all_files: int = 0
    rate: float = 0.0
    limit: int = UNKNOWN
    skipped: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    error: Failure | None = None  # what ended it as a whole
    began: float = 0.0
    ended: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        if self.state is not State.MOVING or self.total < 0 or self.rate < 1:
            return None
        return max(0, self.total - self.done) / self.rate


def document(record: Record) -> dict[str, Any]:
    """The schema of `rs transfers --json` (docs/json.md)."""
    left = record.seconds_left
    return {
        "id": record.id,
        "session": record.session,
        "customer": record.customer,
        "direction": "send" if record.order.sending else "get",
        "label": record.label,
        "state": str(record.state),
        "place": record.place or None,
        "bytes": record.done,
        "total_bytes": record.total if record.total >= 0 else None,
        "resumed_bytes": record.resumed,
        "files": record.files,
        "total_files": record.all_files,
        "name": record.name,
        "rate": round(record.rate),
        "limit": record.limit if record.limit >= 0 else None,
        "seconds_left": None if left is None else round(left, 1),
        "skipped": record.skipped,
        "failed": record.failed,
        "failures": [msgspec.to_builtins(failure) for failure in record.failures],
        "error": msgspec.to_builtins(record.error) if record.error else None,
        "began": record.began or None,
        "ended": record.ended or None,
    }
