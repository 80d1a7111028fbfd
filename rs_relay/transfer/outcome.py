"""How it went: one `Outcome` for each thing that was to be moved, and `Progress` while it moves."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from rs_relay.errors import RsError


class Outcome(msgspec.Struct, frozen=True):  # a tenth of what a dataclass takes to make, and there are many
    """`name` as the sender calls it. `error` tells what failed; `skipped` what was left out by rule; else it arrived
    as `saved_as`."""

    name: str
    saved_as: str = ""
    size: int = 0
    sha256: str = ""  # hex; empty for a directory
    resumed_from: int = 0
    note: str = ""
    skipped: str = ""
    error: RsError | None = None
    reused: int = 0  # bytes that were not sent, since another version of the file held them
    repaired: int = 0  # times that it was damaged on its way, and mended


@dataclass(frozen=True)
class Kept:
    """What the receiver has stays, as it was asked to take only what is newer."""

    message: str = "What is there is as new."


@dataclass(frozen=True)
class Progress:
    """`done` and `total` in bytes (total -1: unknown), `files` settled of `all_files`; `name` moves now. Of `done`,
    `resumed` bytes were there before, so they did not move now."""

    name: str = ""
    done: int = 0
    total: int = -1
    files: int = 0
    all_files: int = 0
    resumed: int = 0

    @property
    def part(self) -> float:
        """How much of it is done, 0 to 1; 0 where nobody knows how much it is."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0
