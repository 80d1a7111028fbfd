"""The customer's window in this process, through all that it shows, in a language of the test's own: what is cut off is
written to standard output. Run as a program: `python faceprobe.py FOLDER-OF-LANGUAGES LANGUAGE`."""

from __future__ import annotations

import sys
import tkinter as tk
from pathlib import Path

from rs_agent import feature, language
from rs_agent.ui import words
from rs_agent.ui.face import pipe, style
from rs_agent.ui.face.window import Window
from rs_relay.link.spec import Permission

WHO = "Alexandra Montgomery"
SLACK = 2  # pixels
FOLDER = "~/Downloads/rs"


def main(folder: Path, spoken: str) -> None:
    language.FOLDER = folder
    language.use(spoken)
    root = tk.Tk(className="rs")
    window = Window(root, lambda said: None)
    narrow = round(420 * style.scale(root))
    root.geometry(f"{narrow}x{root.winfo_screenheight() - 60}")

    def shown(what: str, *messages: pipe.ToWindow) -> None:
        for message in messages:
            window.take(message)
        for _again in range(4):  # a text that breaks anew moves what is below it
            root.update()
        for part in cut(root):
            sys.stdout.write(f"{what}: {part}\n")

    holds = frozenset(Permission)
    shown("code", pipe.Told("support.example.org:8200"), pipe.HotKey("Ctrl+Shift+F12"), pipe.Code("482-915-733", 600.0))
    shown("begun", pipe.Holds((WHO,), frozenset(), False, True, frozenset(), False))
    shown("warning", pipe.Ask(1, words.asks(Permission.VIEW), "", WHO, 60.0, 9.0, True))
    for permission in Permission:
        asked = pipe.Ask(2, words.asks(permission), words.means(permission, FOLDER), WHO, 60.0, 9.0, False)
        shown(permission, asked)
    shown("allowed", pipe.Asked(2), pipe.Holds((WHO,), holds, False, True, frozenset({Permission.SHELL}), True))
    shown("paused", pipe.Holds((WHO,), holds, True, True, frozenset(), False))
    shown("moving", pipe.Moving(1, f"{WHO}: a-report-of-some-length.pdf (3.1 MB)", 1.0), pipe.Moved(1))
    restart = feature.Countdown(WHO, 3599.0, True, "An update")
    counted = pipe.Counting(words.countdown(restart), words.restart_reason(restart), 3599.0)
    shown("restart", counted, pipe.Counted())
    shown("access code", pipe.AccessCode("123 456 7890", WHO))
    window._banner._put_down()
    window._close()
    shown("sure?")
    window._stay()
    shown("over", pipe.Holds((), frozenset(), False, False, frozenset(), False))
    shown("summary", pipe.Done((WHO,), 61.0, tuple(Permission), (), "You ended it."))


def cut(parent: tk.Misc) -> list[str]:
    """Every text that wants more room than it has."""
    found: list[str] = []
    for part in parent.winfo_children():
        if isinstance(part, tk.Label | tk.Button) and part.winfo_ismapped() and str(part.cget("text")):
            wide, high = part.winfo_reqwidth() - part.winfo_width(), part.winfo_reqheight() - part.winfo_height()
            if wide > SLACK or high > SLACK:
                found.append(f"{part.cget('text')!r} lacks {wide}x{high}")
        found += cut(part)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
