"""A Tk window with one text field that writes what it holds to a file after each change: a second toolkit to type into,
which unlike a terminal shows also what a control character did. Its title says when it has the keyboard.
Run as a program: `python tktext.py FILE`."""

from __future__ import annotations

import os
import sys
import tkinter
from pathlib import Path


def main(path: Path) -> None:
    window = tkinter.Tk()
    window.title("tk text")
    field = tkinter.Text(window, width=60, height=12)
    field.pack()
    field.focus_set()
    field.bind("<FocusIn>", lambda _event: window.title("tk text has the keyboard"))

    def save(_event: object) -> None:
        draft = path.with_suffix(".draft")
        draft.write_bytes(field.get("1.0", "end-1c").encode("utf-8", "surrogatepass"))
        os.replace(draft, path)
        field.edit_modified(False)

    field.bind("<<Modified>>", save)
    window.mainloop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
