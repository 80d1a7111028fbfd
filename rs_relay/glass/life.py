"""The life of a window's process, from the display to the end: what its `__main__` hands over to. Started by `child`,
fed through stdin, answering on stdout.

    exit status   0 closed by either side · 13 no window could be opened · 14 what it was sent made no sense

Tk is imported here and not before: it may be missing, and whoever started the process is then told so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from rs_relay.errors import LocalProblem, RsError
from rs_relay.glass import program
from rs_relay.glass.program import Mouth


class Window(Protocol):
    failed: RsError | None

    def take(self, message: Any) -> None: ...

    def fail(self, error: RsError | None) -> None: ...


@dataclass(frozen=True)
class Kind:
    """What makes one program's window. `load` imports its class, which is made with the root and what speaks; `ready`
    and `cannot` make the first message; `counts` is told the size of each message."""

    load: Callable[[], Callable[[Any, Callable[[Any], None]], Any]]
    ready: Callable[[], Any]
    cannot: Callable[[str, str, str], Any]
    decode: Callable[[bytes], Any]
    most: int  # bytes of a message
    no_tk: str = ""  # hints
    no_display: str = ""
    counts: Callable[[Any], Callable[[int], None]] = lambda window: _uncounted


def live(kind: Kind) -> int:
    """All of it; the exit status. The caller ends the process at once: the reader thread waits in the middle of a read,
    and an interpreter that shuts down aborts over that."""
    out = program.prepare()
    try:
        return run(kind, sys.stdin.buffer, out)
    except RsError as error:
        out.say(kind.cannot(error.code, error.message, error.hint))
        return error.exit_status


def run(kind: Kind, source: BinaryIO, out: Mouth) -> int:
    """Raises LocalProblem when there can be no window."""
    try:
        import tkinter as tk

        from rs_relay.glass import density
        from rs_relay.glass.inbox import Inbox

        made = kind.load()
        ready = kind.ready()
    except ImportError as e:
        raise LocalProblem("This Python has no Tk to open a window with.", kind.no_tk) from e
    try:
        root = tk.Tk(className="rs")
        density.settle(root)
    except tk.TclError as e:
        raise LocalProblem("The display could not be opened.", kind.no_display) from e
    window: Window = made(root, out.say)
    inbox = Inbox(root, window.take, window.fail)
    root.update()  # a window that does not exist yet would never hear what is told it
    out.say(ready)
    inbox.follow(source, kind.decode, kind.most, kind.counts(window))
    root.mainloop()
    return window.failed.exit_status if window.failed else 0


def _uncounted(size: int) -> None:
    """Nobody counts."""
