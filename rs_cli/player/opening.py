"""Opens the player on this display, and stays until it is closed."""

from __future__ import annotations

import os
import sys
from types import TracebackType

from rs_cli.recording.reader import Recording
from rs_relay.errors import LocalProblem, RsError
from rs_relay.glass.program import keep_memory, limit

WITHOUT = "`rs export FILE OUT.mp4` makes a film of it; `rs play --info FILE` tells what it holds."


def play(recording: Recording, at: int = 0, speed: float = 1.0, paused: bool = False) -> None:
    """`at` in milliseconds. Raises LocalProblem where no window can be opened, and for what ends it."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise LocalProblem("There is no display here to open a window on.", WITHOUT)
    try:
        import tkinter as tk

        from rs_cli.player.window import Player
    except ImportError as e:
        raise LocalProblem("This Python has no Tk to open a window with.", WITHOUT) from e
    limit()  # the file may have come from anybody
    keep_memory()
    try:
        root = tk.Tk(className="rs")
    except tk.TclError as e:
        raise LocalProblem("The display could not be opened.", WITHOUT) from e
    player = Player(root, recording, at)
    defects: list[BaseException] = []

    def defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What left one of Tk's callbacks: the window must not stand there half alive. Ctrl-C comes so, too."""
        if isinstance(error, RsError):
            player.fail(error)
        else:
            defects.append(error)
            player.close()

    root.report_callback_exception = defect
    root.update()  # the window has its size before the first picture is laid into it
    player.begin(speed, playing=not paused)
    root.mainloop()
    if defects:
        raise defects[0]
    if player.failed:
        raise player.failed
