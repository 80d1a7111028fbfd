"""The other way round: the technician made the code, and the customer types it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from rs_agent.language import _
from rs_agent.ui.face import pipe, style
from rs_agent.ui.face.style import GAP, Fonts
from rs_relay.text import printable

MOST = 40  # characters of a code, however it is spaced


class Entering:
    def __init__(self, parent: tk.Misc, fonts: Fonts, say: Callable[..., None]) -> None:
        self._say = say
        self.frame = tk.Frame(parent, background=style.PAPER)
        style.words(self.frame, fonts.large, _("Type the code that is read to you")).pack(fill="x")
        self.entry = tk.Entry(
            self.frame, font=fonts.number, background=style.PAPER, foreground=style.INK, relief="solid", borderwidth=1,
            insertbackground=style.INK, highlightthickness=3, highlightcolor=style.RING, justify="center", width=13,
            highlightbackground=style.PAPER, disabledbackground=style.PLAIN, disabledforeground=style.INK,
        )  # fmt: skip
        self.entry.pack(fill="x", pady=GAP)
        self.entry.bind("<Return>", lambda event: self._go())
        self.entry.bind("<KP_Enter>", lambda event: self._go())
        self.go = style.button(self.frame, _("&Go on"), self._go, fonts.strong, kind="yes", fills=True)
        self.go.pack(fill="x")
        self.news = style.words(self.frame, fonts.text)
        self.news.pack(fill="x", pady=(GAP, GAP // 2))
        for text in (
            _("Only go on if you called the person who reads it to you."),
            _("Nothing is allowed before you say yes, and you can stop at any time."),
        ):
            style.words(self.frame, fonts.text, text).pack(fill="x", pady=(0, GAP // 2))
        self._relay = style.words(self.frame, fonts.small, foreground=style.SOFT)
        self._relay.pack(fill="x", pady=(GAP // 2, 0))
        self._rest()

    def told(self, relay: str) -> None:
        self._relay.configure(text=_("Both sides meet at {relay}.").format(relay=printable(relay, 80)))

    def want(self, problem: str) -> None:
        self.entry.configure(state="normal")
        self.go.configure(state="normal")
        self.news.configure(text=printable(problem), foreground=style.STOP)
        self.entry.focus_set()
        self.entry.selection_range(0, "end")

    def _go(self) -> None:
        typed = self.entry.get().strip()
        if typed and str(self.entry.cget("state")) == "normal":
            self._rest()
            self._say(pipe.Typed(typed[:MOST]))

    def _rest(self) -> None:
        self.entry.configure(state="disabled")
        self.go.configure(state="disabled")
        self.news.configure(text=_("One moment…"), foreground=style.INK)
