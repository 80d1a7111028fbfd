"""`python -m rs_agent.ui.face`: the customer's window, fed through stdin, answering on stdout (see `pipe`).

It is started by `child`, not by a person.

    exit status   0 closed by either side · 13 no window could be opened · 14 what it was sent made no sense
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from rs_agent.ui.face import pipe
from rs_relay.errors import LocalProblem, RsError
from rs_relay.glass import program
from rs_relay.glass.program import Mouth


def main() -> int:
    out = program.prepare()
    try:
        return run(sys.stdin.buffer, out)
    except RsError as error:
        out.say(pipe.Cannot(error.code, error.message, error.hint))
        return error.exit_status


def run(source: BinaryIO, out: Mouth) -> int:
    """The window's life. Raises LocalProblem when there can be none."""
    try:
        import tkinter as tk

        from rs_agent.ui.face.window import Window
        from rs_relay.glass.inbox import Inbox
    except ImportError as e:
        raise LocalProblem("This Python has no Tk to open a window with.") from e
    try:
        root = tk.Tk(className="rs")
    except tk.TclError as e:
        raise LocalProblem("The display could not be opened.") from e
    window = Window(root, out.say)
    inbox = Inbox(root, window.take, window.fail)
    root.update()  # a window that does not exist yet would never hear what is told it
    out.say(pipe.Ready())
    inbox.follow(source, pipe.to_window, pipe.TO_WINDOW)
    root.mainloop()
    return window.failed.exit_status if window.failed else 0


if __name__ == "__main__":
    # At once: the reader thread waits in the middle of a read, and an interpreter that shuts down aborts over that.
    os._exit(main())
