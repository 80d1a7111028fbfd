"""What a running program is to those who talk with it, however it came about (`program`, on Windows also `conpty`)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Size:
    """Of a terminal, in cells."""

    columns: int
    lines: int


class Running(Protocol):
    """`stdin`, `stdout`, `stderr`: descriptors, None where there is none (any more). With a terminal, the first two are
    its two ends here, and `stderr` is None. `over`: its exit status, or minus the signal that ended it."""

    stdin: int | None
    stdout: int | None
    stderr: int | None
    terminal: bool
    over: asyncio.Future[int]

    def signal(self, name: str) -> None: ...

    def resize(self, size: Size) -> None: ...

    def close_stdin(self) -> None: ...

    def close_output(self, stream: int) -> None: ...

    async def end(self) -> None:
        """TERM to all of it, a moment, KILL to what is left."""
        ...

    def kill(self) -> None: ...

    def close(self) -> None:
        """Its descriptors, and whatever still runs."""
        ...
