"""`python -m rs_cli.viewer`: the window, fed through stdin, answering on stdout (see `pipe`).

It is started by `child`, not by a person.

    exit status   0 closed by either side · 13 no window could be opened · 14 what it was sent made no sense
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from rs_cli.viewer import pipe
from rs_relay.errors import LocalProblem, RsError
from rs_relay.glass import program
from rs_relay.glass.program import Mouth

NO_TK = "Install Tk for this Python (on Debian and Ubuntu: `apt install python3-tk`), or use `rs screenshot`."
NO_DISPLAY = "Is DISPLAY right? `rs screenshot SESSION FILE.png` saves what the customer sees without a window."


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

        from rs_cli.viewer.window import Window
        from rs_relay.channels.screen.codecs import NAMES
        from rs_relay.glass.inbox import Inbox
    except ImportError as e:
        raise LocalProblem("This Python has no Tk to open a window with.", NO_TK) from e
    try:
        root = tk.Tk(className="rs")
    except tk.TclError as e:
        raise LocalProblem("The display could not be opened.", NO_DISPLAY) from e
    window = Window(root, out.say)
    inbox = Inbox(root, window.take, window.fail)
    root.update()
    out.say(pipe.Ready(NAMES))
    inbox.follow(source, pipe.to_viewer, pipe.TO_VIEWER, window.bytes.count)
    root.mainloop()
    return window.failed.exit_status if window.failed else 0


if __name__ == "__main__":
    # At once: the reader thread waits in the middle of a read, and an interpreter that shuts down aborts over that.
    os._exit(main())
