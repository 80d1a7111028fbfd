"""What stands between the line and all else for as long as it matters, whatever is below: a restart that is counted
down, an access code to be put down, and what comes to this computer or leaves it. Each has its own way out.
"""

from __future__ import annotations

import math
import time
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

from rs_agent.language import _
from rs_agent.ui.face import pipe, style, tell
from rs_agent.ui.face.style import GAP, Fonts
from rs_relay.text import printable

MOST = 3  # of what moves is shown
BAR = 8  # pixels


@dataclass
class _Move:
    row: tk.Frame
    text: tk.Label
    percent: tk.Label
    bar: tk.Canvas
    done: int
    part: float = 0.0

    def show(self, text: str, part: float) -> None:
        self.part = part
        self.text.configure(text=text)
        self.percent.configure(text=f"{math.floor(100 * part)} %")
        self.draw()

    def draw(self) -> None:
        self.bar.coords(self.done, 0, 0, round(self.bar.winfo_width() * self.part), self.bar.winfo_height())


class Banner:
    """`frame` is to be on the window while there is something in it: `changed` is called when that is another."""

    def __init__(
        self,
        parent: tk.Misc,
        fonts: Fonts,
        say: Callable[..., None],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.frame = tk.Frame(parent, background=style.WARN, padx=GAP, pady=GAP // 2)
        self._fonts, self._say, self._changed, self._clock = fonts, say, changed, clock
        self._restart: tk.Frame | None = None
        self._left: tk.Label | None = None
        self._at = 0.0
        self._code: tk.Frame | None = None
        self._moves: dict[int, _Move] = {}
        self._brief = False
        self._more = style.words(self.frame, fonts.small, background=style.WARN, foreground=style.SOFT)

    @property
    def filled(self) -> bool:
        return bool(self._restart or ((self._code or self._moves) and not self._brief))

    def brief(self, on: bool) -> None:
        """While a question wants the room: what waits for nobody, the restart, is all that is shown."""
        if on != self._brief:
            self._brief = on
            self._lay()

    @property
    def counts(self) -> bool:
        """Something in it changes by the second."""
        return self._restart is not None

    def tick(self) -> None:
        if self._left is not None:
            left = tell.clock(math.ceil(self._at - self._clock()))
            text = _("In {time}.").format(time=left)
            if self._left.cget("text") != text:
                self._left.configure(text=text)

    # a restart

    def counting(self, said: pipe.Counting) -> None:
        self._at = self._clock() + said.seconds
        if self._restart is not None:
            return
        self._restart = box = self._box()
        self._words(box, self._fonts.large, printable(said.text))
        if said.reason:
            self._words(box, self._fonts.text, printable(said.reason))
        row = tk.Frame(box, background=style.WARN)
        row.pack(fill="x")
        stop = style.button(
            row, _("Do &not restart"), lambda: self._say(pipe.StopRestart()), self._fonts.strong, kind="stop"
        )
        stop.configure(highlightbackground=style.WARN)
        stop.pack(side="right")
        self._left = style.words(row, self._fonts.large, background=style.WARN)
        self._left.pack(side="left", fill="x", expand=True)
        self.tick()
        self._lay()

    def counted(self) -> None:
        if self._restart is not None:
            self._restart.destroy()
            self._restart = self._left = None
            self._lay()

    # an access code

    def access_code(self, said: pipe.AccessCode) -> None:
        if self._code is not None:
            self._code.destroy()
        who = printable(said.who, tell.NAME)
        self._code = box = self._box()
        self._words(box, self._fonts.strong, _("The access code of this computer"))
        look = {"background": style.WARN, "justify": "center", "anchor": "center"}
        style.words(box, self._fonts.number, printable(said.code, 40), **look).pack(fill="x", pady=(0, GAP // 2))
        text = _("Write it down: it is shown this once. Give it to {who} and to nobody else.").format(who=who)
        self._words(box, self._fonts.text, text)
        done = style.button(box, _("I have &written it down"), self._put_down, self._fonts.text, fills=True)
        done.configure(highlightbackground=style.WARN)
        done.pack(fill="x")
        self._lay()

    def _put_down(self) -> None:
        if self._code is not None:
            self._code.destroy()
            self._code = None
            self._lay()

    # what moves

    def moving(self, said: pipe.Moving) -> None:
        if said.number not in self._moves:
            self._moves[said.number] = self._move(said.number)
            self._lay()
        self._moves[said.number].show(printable(said.text), said.part)

    def moved(self, number: int) -> None:
        move = self._moves.pop(number, None)
        if move is not None:
            move.row.destroy()
            self._lay()

    def _move(self, number: int) -> _Move:
        row = tk.Frame(self.frame, background=style.WARN)
        stop = style.button(row, _("Cancel"), lambda: self._say(pipe.Cancel(number)), self._fonts.small)
        stop.configure(highlightbackground=style.WARN)
        stop.pack(side="right", padx=(GAP // 2, 0))
        percent = tk.Label(row, font=self._fonts.strong, background=style.WARN, foreground=style.INK, width=6)
        percent.pack(side="right")
        middle = tk.Frame(row, background=style.WARN)
        middle.pack(side="left", fill="x", expand=True)
        text = style.words(middle, self._fonts.text, background=style.WARN)
        text.pack(fill="x")
        bar = tk.Canvas(middle, height=BAR, background=style.PAPER, highlightthickness=0, takefocus=False)
        done = bar.create_rectangle(0, 0, 0, 0, fill=style.YES, outline="")
        bar.pack(fill="x", pady=(2, 4))
        move = _Move(row, text, percent, bar, done)
        bar.bind("<Configure>", lambda event: move.draw())
        return move

    def _lay(self) -> None:
        """What is there, in its order: what presses most is above."""
        over = len(self._moves) - MOST
        if over > 0:
            self._more.configure(text=_("And {n} more.").format(n=over))
        rows = [move.row for move in self._moves.values()]
        hidden: list[tk.Misc | None] = [self._code, *rows, self._more] if self._brief else [*rows[MOST:]]
        for part in (self._restart, self._code, *rows, self._more):
            if part is not None:
                part.pack_forget()
        for part in (self._restart, self._code, *rows, self._more if over > 0 else None):
            if part is not None and part not in hidden:
                part.pack(fill="x", pady=(0, GAP // 2))
        self._changed()

    # how

    def _box(self) -> tk.Frame:
        return tk.Frame(self.frame, background=style.WARN)

    def _words(self, box: tk.Frame, letters: object, text: str) -> None:
        style.words(box, letters, text, background=style.WARN).pack(fill="x", pady=(0, 4))  # type: ignore[arg-type]
