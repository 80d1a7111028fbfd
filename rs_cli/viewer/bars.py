"""The bar above the glass and the line below it: ttk, one quiet style, no state of their own.

Nothing here takes the keyboard: it belongs to the customer's computer. Whoever has no mouse gets the same things from
the menu on F8.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font, ttk

PAPER, INK, QUIET, LINE, ACCENT = "#f6f7f9", "#1f2430", "#667085", "#d5d9e0", "#2563eb"
GOOD, WAIT, BAD = "#1a9d5c", "#d08700", "#c8372d"


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


class ToolBar:
    """Above the glass. `exact` and `monitor` are the window's variables; the commands are the window's."""

    def __init__(
        self,
        parent: tk.Misc,
        exact: tk.BooleanVar,
        scale: Callable[[], None],
        full_screen: Callable[[], None],
        save: Callable[[], None],
        menu: Callable[[], None],
    ) -> None:
        self.frame = ttk.Frame(parent, style="Bar.TFrame", padding=(6, 4))
        for text, value in (("Fit to window", False), ("1:1", True)):
            ttk.Radiobutton(
                self.frame,
                text=text,
                value=value,
                variable=exact,
                command=scale,
                style="Toggle.Toolbutton",
                takefocus=False,
            ).pack(side="left", padx=1)
        self._monitors = ttk.Menubutton(self.frame, text="Monitor", takefocus=False)
        self._gap = self._separator()
        self._gap.pack(side="left", fill="y", padx=6, pady=3)
        for text, command in (("Full screen", full_screen), ("Save picture…", save)):
            ttk.Button(self.frame, text=text, command=command, takefocus=False).pack(side="left", padx=1)
        ttk.Button(self.frame, text="Menu  F8", command=menu, takefocus=False).pack(side="right")

    def monitors(self, menu: tk.Menu | None, shown: str) -> None:
        """The choice of monitors, where there is one."""
        if menu is None:
            self._monitors.pack_forget()
            return
        self._monitors.configure(menu=menu, text=shown)
        self._monitors.pack(side="left", padx=1, after=self._gap)

    def _separator(self) -> ttk.Frame:
        return ttk.Frame(self.frame, style="Line.TFrame", width=1)


class StatusLine:
    """Below the glass: a light and what goes on, and at the right what is granted, the size and the pace."""

    def __init__(self, parent: tk.Misc) -> None:
        self.frame = ttk.Frame(parent, style="Bar.TFrame", padding=(10, 3))
        self._light = tk.Canvas(self.frame, width=10, height=10, background=PAPER, highlightthickness=0)
        self._dot = self._light.create_oval(1, 1, 9, 9, fill=WAIT, outline="")
        self._light.pack(side="left")
        self._text = ttk.Label(self.frame, text="")
        self._text.pack(side="left", padx=(7, 0))
        self._facts = ttk.Label(self.frame, text="", style="Quiet.TLabel")
        self._facts.pack(side="right")

    def say(self, text: str, colour: str) -> None:
        self._light.itemconfigure(self._dot, fill=colour)
        self._text.configure(text=text)

    def facts(self, *facts: str) -> None:
        self._facts.configure(text="   ·   ".join(fact for fact in facts if fact))
