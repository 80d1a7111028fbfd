"""A question to the customer: who asks for what, what a yes means, and time to think. Silence is a no.

Law: Refuse has the keyboard, Escape and Enter refuse. No key answers in the first second (KEYS): who types when the
question springs up has not read it. The yes can be pressed only once it counts, and says until then
how long that takes. With `warn`, the warning comes first, and its own yes leads to the question and grants nothing.
"""

from __future__ import annotations

import math
import time
import tkinter as tk
from collections.abc import Callable

from rs_agent.language import _
from rs_agent.ui import words
from rs_agent.ui.face import pipe, style, tell
from rs_agent.ui.face.style import GAP, Fonts
from rs_relay.text import printable

KEYS = 1.0  # seconds before a key answers; a click does at once
ANSWERS = frozenset({"Return", "KP_Enter", "space"})


class QuestionView:
    """`say` sends to the agent."""

    def __init__(
        self,
        parent: tk.Misc,
        fonts: Fonts,
        ask: pipe.Ask,
        say: Callable[..., None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ask, self._say, self._clock = ask, say, clock
        self._until, self._live = clock() + ask.left, clock() + ask.live
        self._keys = clock() + KEYS
        behind = style.WARN if ask.warn else style.PAPER
        self.frame = tk.Frame(parent, background=behind, padx=GAP, pady=GAP)
        who = printable(ask.who, tell.NAME)
        if ask.warn:
            self._line(fonts.large, _("Please read this before you go on"), behind)
            self._line(fonts.text, _("{who} wants to be let in.").format(who=who), behind)
            for text in words.WARNING:
                self._line(fonts.text, "• " + _(text), behind)
            no, yes = _("&Stop, I was called"), _("I &called them: go on")
        else:
            self._line(fonts.text, _("The relay says: {who} asks to").format(who=who), behind)
            self._line(fonts.large, ask.asks, behind)
            self._line(fonts.text, ask.means, behind)
            self._line(fonts.strong, _("Only go on if YOU called them."), behind)
            no, yes = _("&Refuse"), _("&Allow")
        buttons = tk.Frame(self.frame, background=behind)
        buttons.pack(fill="x", pady=(GAP, 0))
        for column in (0, 1):
            buttons.columnconfigure(column, weight=1, uniform="answers")
        self.no = style.button(buttons, no, self.refuse, fonts.strong, fills=True)
        self.no.grid(row=0, column=0, sticky="nsew", padx=(0, GAP // 2))
        self._yes_text = tell.key(yes)[0]
        self.yes = style.button(buttons, yes, self.accept, fonts.strong, kind="yes", fills=True)
        self.yes.grid(row=0, column=1, sticky="nsew", padx=(GAP // 2, 0))
        for made in (self.no, self.yes):
            made.configure(highlightbackground=behind)
            made.bindtags(("answers", *made.bindtags()))
        self.no.bind_class("answers", "<KeyPress>", self._early)
        self._left = style.words(self.frame, fonts.small, background=behind, foreground=style.SOFT)
        self._left.pack(fill="x", pady=(GAP // 2, 0))
        self.tick()

    def _line(self, letters: object, text: str, behind: str) -> None:
        style.words(self.frame, letters, text, background=behind).pack(fill="x", pady=(0, GAP // 2))  # type: ignore[arg-type]

    def tick(self) -> None:
        """Several times a second."""
        now = self._clock()
        waits = self._live - now
        if waits > 0:
            # It can have the keyboard already: Tab must not pass it by and come to Stop.
            text, behind, over, ink = f"{self._yes_text} ({math.ceil(waits)})", style.PLAIN, style.PLAIN, style.SOFT
        else:
            text, behind, over, ink = self._yes_text, style.YES, style.YES_OVER, style.PAPER
        if self.yes.cget("text") != text:
            self.yes.configure(
                text=text, background=behind, activebackground=over, foreground=ink, activeforeground=ink
            )
        left = _("Without an answer it is a no, in {time}.").format(time=tell.clock(math.ceil(self._until - now)))
        if self._left.cget("text") != left:
            self._left.configure(text=left)

    @property
    def hears_keys(self) -> bool:
        return self._clock() >= self._keys

    def _early(self, event: tk.Event[tk.Misc]) -> str | None:
        return "break" if event.keysym in ANSWERS and not self.hears_keys else None

    def refuse(self) -> None:
        # Who was called by a stranger needs an end, not the next question.
        self._say(pipe.Stop() if self.ask.warn else pipe.Answer(self.ask.number, False))

    def accept(self) -> None:
        if self._clock() < self._live:
            return
        self._say(pipe.Heed(self.ask.number) if self.ask.warn else pipe.Answer(self.ask.number, True))
