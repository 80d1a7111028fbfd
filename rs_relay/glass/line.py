"""The line below a picture."""

from __future__ import annotations

import tkinter as tk
from tkinter import font, ttk

from rs_relay.glass.look import PAPER, WAIT
from rs_relay.glass.room import Fact, fitting


class StatusLine:
    """Below the glass: a light and what goes on, and at the right the facts that find room."""

    def __init__(self, parent: tk.Misc) -> None:
        self.frame = ttk.Frame(parent, style="Bar.TFrame", padding=(10, 3))
        self._light = tk.Canvas(self.frame, width=10, height=10, background=PAPER, highlightthickness=0)
        self._dot = self._light.create_oval(1, 1, 9, 9, fill=WAIT, outline="")
        self._light.pack(side="left")
        self._text = ttk.Label(self.frame, text="")
        self._text.pack(side="left", padx=(7, 0))
        self._facts = ttk.Label(self.frame, text="", style="Quiet.TLabel")
        self._facts.pack(side="right")
        self._said = ""
        self._known: tuple[Fact, ...] = ()
        self._measure = font.nametofont("TkDefaultFont").measure
        self.frame.bind("<Configure>", lambda event: self._show(event.width))

    def say(self, text: str, colour: str) -> None:
        self._light.itemconfigure(self._dot, fill=colour)
        self._said = text
        self._show()

    def facts(self, *facts: Fact) -> None:
        self._known = facts
        self._show()

    def _show(self, width: int | None = None) -> None:
        width = width or self.frame.winfo_width()
        if width <= 1:  # not laid out yet
            return
        text, facts = fitting(self._said, self._known, width - 2 * 10 - 10 - 7, self._measure)
        for label, words in ((self._text, text), (self._facts, facts)):
            if label.cget("text") != words:
                label.configure(text=words)
