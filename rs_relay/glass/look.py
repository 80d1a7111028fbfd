"""How the windows of rs look: one quiet ttk style, and the size a window takes by itself."""

from __future__ import annotations

import tkinter as tk
from tkinter import font, ttk

from rs_relay.glass import fit

PAPER, INK, QUIET, LINE, ACCENT = "#f6f7f9", "#1f2430", "#667085", "#d5d9e0", "#2563eb"
GOOD, WAIT, BAD = "#1a9d5c", "#d08700", "#c8372d"
ROOM = 0.85  # of the screen: the most that a window takes by itself


def dress(root: tk.Tk) -> None:
    """Fonts and colours of the window's own parts. Names of the families are tried in turn; Tk falls back by itself."""
    base = font.nametofont("TkDefaultFont")
    there = set(font.families(root))
    family = next((f for f in ("Segoe UI", "Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans") if f in there), "")
    for name in ("TkDefaultFont", "TkMenuFont", "TkTextFont", "TkHeadingFont", "TkCaptionFont"):
        if family and root.tk.call("tk", "windowingsystem") == "x11":
            font.nametofont(name).configure(family=family, size=10)
    root.configure(background=PAPER)
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", background=PAPER, foreground=INK, font=base, borderwidth=0)
    style.configure("Bar.TFrame", background=PAPER)
    style.configure("Quiet.TLabel", background=PAPER, foreground=QUIET)
    style.configure("Line.TFrame", background=LINE)
    for kind in ("TButton", "Toggle.Toolbutton", "TMenubutton"):
        style.configure(kind, background=PAPER, foreground=INK, padding=(10, 4), relief="flat", borderwidth=1)
        style.configure(kind, bordercolor=PAPER, lightcolor=PAPER, darkcolor=PAPER, anchor="center")
        style.map(
            kind,
            background=[("selected", "#dfe8fd"), ("pressed", "#dfe3ea"), ("active", "#eaedf2")],
            foreground=[("selected", ACCENT), ("disabled", "#a3a9b5")],
            bordercolor=[("selected", "#dfe8fd")],
            relief=[("pressed", "flat")],
        )
    style.configure("TMenubutton", arrowcolor=QUIET)
    for kind in ("Vertical.TScrollbar", "Horizontal.TScrollbar"):
        style.configure(kind, background="#c3c8d1", troughcolor=PAPER, bordercolor=PAPER, arrowsize=12, gripcount=0)
        style.configure(kind, lightcolor="#c3c8d1", darkcolor="#c3c8d1", arrowcolor=QUIET)


def settle(root: tk.Tk, part: tk.Frame, width: int, height: int, least: tuple[int, int]) -> None:
    """Make the window so large that `part` of it holds a picture of `width` by `height`, as far as the screen has room,
    and put it in the middle. It is never smaller than `least`."""
    screen = (root.winfo_screenwidth(), root.winfo_screenheight())
    wide, high = fit.first_size(width, height, int(screen[0] * ROOM), int(screen[1] * ROOM))
    part.configure(width=wide, height=high)
    root.update_idletasks()
    wide, high = max(root.winfo_reqwidth(), least[0]), max(root.winfo_reqheight(), least[1])
    # Half of what is left over on each side; a size given to the window stays, whatever its parts ask for later.
    root.geometry(f"{wide}x{high}+{max(0, (screen[0] - wide) // 2)}+{max(0, (screen[1] - high) // 2)}")
    root.minsize(*least)
