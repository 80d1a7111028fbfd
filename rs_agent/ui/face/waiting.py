"""Before anybody has come: the code, to be read aloud."""

from __future__ import annotations

import math
import time
import tkinter as tk
from collections.abc import Callable

from rs_agent.language import _
from rs_agent.ui.face import style, tell
from rs_agent.ui.face.style import GAP, Fonts
from rs_relay.text import printable

LAST = 60.0  # seconds of a code's life that are counted one by one


class Waiting:
    """`clock` only goes forward."""

    def __init__(self, parent: tk.Misc, fonts: Fonts, clock: Callable[[], float] = time.monotonic) -> None:
        self.frame = tk.Frame(parent, background=style.PAPER)
        self._clock, self._until, self._spoken = clock, 0.0, ""
        style.words(self.frame, fonts.large, _("Your support code")).pack(fill="x")
        self._code = tk.Label(
            self.frame, font=fonts.code, background=style.PAPER, foreground=style.INK, text=_("one moment…")
        )
        self._code.pack(pady=(GAP, GAP // 2))
        row = tk.Frame(self.frame, background=style.PAPER)
        row.pack(fill="x", pady=(0, GAP))
        self.copy = style.button(row, _("&Copy the code"), self._copy, fonts.text)
        self.copy.pack(side="right")
        self._holds = style.words(row, fonts.text, foreground=style.SOFT)
        self._holds.pack(side="left", fill="x", expand=True)
        for text in (
            _("Read it to the person who helps you, if it is you who called them."),
            _("Nothing is allowed before you say yes, and you can stop at any time."),
        ):
            style.words(self.frame, fonts.text, text).pack(fill="x", pady=(0, GAP // 2))
        self._relay = style.words(self.frame, fonts.small, foreground=style.SOFT)
        self._relay.pack(fill="x", pady=(GAP // 2, 0))
        self.news = style.words(self.frame, fonts.text)
        self.news.pack(fill="x", pady=(GAP // 2, 0))

    def told(self, relay: str) -> None:
        self._relay.configure(text=_("Both sides meet at {relay}.").format(relay=printable(relay, 80)))

    def show(self, spoken: str, seconds: float) -> None:
        self._spoken, self._until = spoken, self._clock() + seconds
        self._code.configure(text=tell.grouped(spoken))
        self.copy.configure(text=tell.key(_("&Copy the code"))[0])
        self.tick()

    def tick(self) -> None:
        if self._spoken:
            left = self._until - self._clock()
            time = tell.clock(left) if left < LAST else tell.lasting(60 * math.ceil(left / 60))
            text = _("It holds for another {time}, for one person.").format(time=time)
            if self._holds.cget("text") != text:
                self._holds.configure(text=text)

    @property
    def due(self) -> float | None:
        """Seconds until what it shows is another; None for nothing."""
        left = self._until - self._clock()
        if not self._spoken or left <= 0:
            return None
        return 1.0 if left < LAST + 1 else min(left % 60 + 0.1, left - LAST)

    def _copy(self) -> None:
        if self._spoken:
            self.frame.clipboard_clear()
            self.frame.clipboard_append(self._spoken)
            self.copy.configure(text=_("Copied"))
