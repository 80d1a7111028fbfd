"""The window: above, the line that always tells what is happening; below, Stop; between them what there is to do now.

The law: the line and Stop are always there, whatever is between them. Closing the window asks once, and then is Stop.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from typing import Any

from rs_agent.language import _
from rs_agent.ui.face import pipe, style, tell
from rs_agent.ui.face.after import After
from rs_agent.ui.face.banner import Banner
from rs_agent.ui.face.during import During
from rs_agent.ui.face.entering import Entering
from rs_agent.ui.face.question import QuestionView
from rs_agent.ui.face.style import GAP
from rs_agent.ui.face.waiting import Waiting
from rs_relay.errors import RsError
from rs_relay.text import printable

WIDE, HIGH = 560, 760  # pixels, where the screen has room
EDGE = 24  # pixels to the edge of the screen, and the least that is left free
TICK = 0.25  # seconds between two looks while a question is on show; else it sleeps until something is another
SHORT = 8.0  # seconds that the newest notice stands below the line


class Window:
    """`say` sends to the agent. `failed` is what ended the window, None when the customer or the agent closed it."""

    def __init__(self, root: tk.Tk, say: Callable[[Any], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.failed: RsError | None = None
        self._root, self._say, self._clock = root, say, clock
        self._holds = tell.NOBODY
        self._began: float | None = None
        self._notice_until = 0.0
        self._question: QuestionView | None = None
        self._after: After | None = None
        self._leaving = self._deaf = self._ending = self._gone = False
        self._timer: str | None = None
        self._key = ""
        self._fonts = style.fonts(root)
        root.configure(background=style.PAPER)
        root.option_add("*Menu.background", style.PAPER)
        root.option_add("*Menu.activeBackground", style.PLAIN_OVER)
        root.option_add("*Menu.activeBorderWidth", 0)
        self._build_line()
        self._build_stop()
        self._middle = tk.Frame(root, background=style.PAPER, padx=GAP, pady=GAP)
        self._middle.pack(fill="both", expand=True)
        self._waiting = Waiting(self._middle, self._fonts, clock)
        self._entering: Entering | None = None
        self._during = During(self._middle, self._fonts, say)
        self._banner = Banner(root, self._fonts, say, self._lay_banner, clock)
        self._shown: tk.Frame | None = None
        root.protocol("WM_DELETE_WINDOW", self._close)
        root.bind_all("<Alt-Key>", self._access)
        root.bind("<Escape>", self._escape)
        root.bind("<Map>", self._seen_again)
        self._place()
        self._show(self._waiting.frame)
        self._tell()
        self._tick()

    def _build_line(self) -> None:
        self._line = tk.Frame(self._root, padx=GAP, pady=10)
        self._line.pack(side="top", fill="x")
        self._now = style.words(self._line, self._fonts.large, foreground=style.PAPER)
        self._now.pack(fill="x")
        self._news = style.words(self._line, self._fonts.text, foreground=style.PAPER)
        self._news.pack(fill="x")

    def _build_stop(self) -> None:
        self._foot = tk.Frame(self._root, background=style.PAPER, padx=GAP)
        self._foot.pack(side="bottom", fill="x", pady=(0, GAP))
        self._stop = style.button(self._foot, _("S&top"), self._end, self._fonts.large, kind="stop", fills=True)
        self._stop.pack(fill="x", ipady=6)
        self._sure = tk.Frame(self._foot, background=style.PAPER)
        style.words(self._sure, self._fonts.strong, _("Do you want to end it now?")).pack(fill="x", pady=(0, 4))
        self._go_on = style.button(self._sure, _("&No, go on"), self._stay, self._fonts.strong, fills=True)
        self._go_on.pack(fill="x", pady=(0, 6))

    def _place(self) -> None:
        """At the right, where it covers least of what is worked on; as large as the letters are."""
        wide, high = self._root.winfo_screenwidth(), self._root.winfo_screenheight()
        scale = style.scale(self._root)
        width = min(round(WIDE * scale), wide - 2 * EDGE)
        height = min(round(HIGH * scale), high - 3 * EDGE)
        self._root.geometry(f"{width}x{height}+{wide - width - EDGE}+{max(0, (high - height) // 2 - EDGE // 2)}")
        self._root.minsize(min(round(420 * scale), width), min(round(420 * scale), height))

    # what the agent tells

    def take(self, message: pipe.ToWindow) -> None:
        self._take(message)
        if not self._gone:
            self._tick()

    def _take(self, message: pipe.ToWindow) -> None:
        match message:
            case pipe.Holds():
                self._hold(message)
            case pipe.Ask():
                self._ask(message)
            case pipe.Asked(number):
                self._asked(number)
            case pipe.Code(spoken, seconds):
                self._waiting.show(spoken, seconds)
                self._settle()
            case pipe.Notice(text):
                self._notice(printable(text))
            case pipe.Counting():
                self._banner.counting(message)
            case pipe.Counted():
                self._banner.counted()
            case pipe.AccessCode():
                self._banner.access_code(message)
            case pipe.Moving():
                self._banner.moving(message)
            case pipe.Moved(number):
                self._banner.moved(number)
            case pipe.Chat(name, text):
                who = printable(name, tell.NAME)
                shown = printable(text, 8 * 1024, lines=True)
                self._during.line(shown, who)
                self._brief(f"{who}: {shown}")
            case pipe.Problem(reason, hint):
                self._notice(" ".join(filter(None, (printable(_(reason)), printable(_(hint))))), "problem")
            case pipe.HotKey(name):
                self._key = name
                self._label_stop()
            case pipe.Told(relay, joins):
                self._waiting.told(relay)
                if joins:
                    self._entering = Entering(self._middle, self._fonts, self._say)
                    self._entering.told(relay)
                    self._settle()
            case pipe.WantCode(problem) if self._entering is not None:
                self._entering.want(problem)
            case pipe.Failed() if self._ending and self._after is None:
                self._destroy()
            case pipe.Done():
                self._done(_("The session is over."), tell.summary(message))
            case pipe.Failed(reason, hint) if self._after is None:
                self._done(_("rs-agent has ended."), [printable(reason), printable(hint)])

    def _hold(self, holds: pipe.Holds) -> None:
        if holds.session and not self._holds.session:
            self._began = self._clock()
        self._holds = holds
        self._during.hold(holds)
        self._label_stop()
        self._settle()
        self._tell()

    def _ask(self, ask: pipe.Ask) -> None:
        self._drop_question()
        self._question = QuestionView(self._middle, self._fonts, ask, self._say, self._clock)
        self._settle()
        self._tell()
        # Over all else, and no letter that is being typed is an answer: the keyboard stands on Refuse.
        self._root.deiconify()
        self._root.attributes("-topmost", True)
        self._root.lift()
        self._question.no.focus_force()
        self._root.bell()

    def _asked(self, number: int) -> None:
        if self._question is not None and self._question.ask.number == number:
            self._drop_question()
            self._root.attributes("-topmost", False)
            self._settle()
            self._tell()

    def _drop_question(self) -> None:
        if self._question is not None:
            question, self._question = self._question, None
            self._shown = None if self._shown is question.frame else self._shown
            question.frame.destroy()

    def _notice(self, text: str, tag: str = "") -> None:
        self._during.line(text, tag=tag)
        self._waiting.news.configure(text=text)
        self._brief(text)

    def _brief(self, text: str) -> None:
        """Below the line for a moment."""
        self._notice_until = self._clock() + SHORT
        self._news.configure(text=text if len(text) <= 160 else text[:159] + "…")

    def _done(self, title: str, lines: list[str]) -> None:
        self._drop_question()
        self._holds, self._began, self._notice_until = tell.NOBODY, None, 0.0
        if self._after is not None:
            self._after.frame.destroy()
        self._after = After(self._middle, self._fonts, title, lines, self._destroy)
        self._settle()
        self._tell()

    # what is shown

    def _settle(self) -> None:
        """What stands in the middle."""
        if self._question is not None:
            frame = self._question.frame
        elif self._holds.session:
            frame = self._during.frame
        elif self._after is not None:
            frame = self._after.frame
        elif self._entering is not None:
            frame = self._entering.frame
        else:
            frame = self._waiting.frame
        self._banner.brief(self._question is not None)
        over = self._after is not None and frame is self._after.frame
        if over:
            self._foot.pack_forget()
        self._show(frame)

    def _show(self, frame: tk.Frame) -> None:
        if frame is self._shown:
            return
        if self._shown is not None:
            self._shown.pack_forget()
        self._shown = frame
        frame.pack(fill="both", expand=True)
        first = self._waiting.copy if frame is self._waiting.frame else None
        first = self._during.entry if frame is self._during.frame else first  # type: ignore[assignment]
        if self._entering is not None and frame is self._entering.frame:
            first = self._entering.entry  # type: ignore[assignment]
        if self._after is not None and frame is self._after.frame:
            first = self._after.close
        if first is not None:
            first.focus_set()

    def _tell(self) -> None:
        """The line, the title (which screen readers read aloud), and the colours of both."""
        text = tell.now(self._holds)
        colour = style.CALM
        if self._holds.session:
            colour = style.HALT if self._holds.paused else style.SEEN if self._holds.connected else style.CALM
        for part in (self._line, self._now, self._news):
            if part.cget("background") != colour:
                part.configure(background=colour)
        if self._now.cget("text") != text:
            self._now.configure(text=text)
        if self._clock() >= self._notice_until:
            shown = ""
            if self._began is not None:
                shown = _("For {time}").format(time=tell.lasting(self._clock() - self._began))
            if self._news.cget("text") != shown:
                self._news.configure(text=shown)
        title = text
        if self._question is not None:
            who, asks = printable(self._question.ask.who, tell.NAME), self._question.ask.asks
            title = _("{who} asks to {asks}").format(who=who, asks=asks)
        if self._root.title() != title:
            self._root.title(title)

    def _label_stop(self) -> None:
        label = _("S&top: end everything") if self._holds.session else _("S&top")
        text, at = tell.key(label)
        if self._key:
            text = f"{text}   ({self._key})"
        self._stop.configure(text=text, underline=at)

    def _tick(self) -> None:
        """Shows the time on all that counts, and sleeps until one of them is another. Nothing counts out of sight."""
        if self._timer is not None:
            self._root.after_cancel(self._timer)
            self._timer = None
        self._waiting.tick()
        self._banner.tick()
        if self._question is not None:
            self._question.tick()
        self._tell()
        if (due := self._due()) is not None:
            self._timer = self._root.after(max(1, round(1000 * due)), self._tick)

    def _due(self) -> float | None:
        """Seconds until something that is shown is another; None for nothing."""
        if self._root.state() == "iconic":
            return None
        if self._question is not None:
            return TICK
        now, due = self._clock(), []
        if self._banner.counts:
            due.append(TICK)
        if self._notice_until > now:
            due.append(self._notice_until - now + 0.05)
        if self._began is not None:
            due.append(60.05 - (now - self._began) % 60)
        if self._shown is self._waiting.frame and (waits := self._waiting.due) is not None:
            due.append(waits)
        return min(due, default=None)

    def _seen_again(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root:
            self._tick()

    def _lay_banner(self) -> None:
        """Also above a question: what is counted down is not held up by one."""
        if not self._banner.filled:
            self._banner.frame.pack_forget()
        elif not self._banner.frame.winfo_manager():
            self._banner.frame.pack(side="top", fill="x", before=self._middle)
        if self._banner.counts and self._question is None:
            self._root.deiconify()
            self._root.lift()

    # what the customer does

    def _access(self, event: tk.Event[tk.Misc]) -> str | None:
        """Alt and the underlined letter of a button that is seen."""
        if self._question is not None and not self._question.hears_keys:
            return "break"
        letter = event.char.lower() or (event.keysym.lower() if len(event.keysym) == 1 else "")
        for part in _buttons(self._root):
            at, text = int(part.cget("underline")), str(part.cget("text"))
            if letter and 0 <= at < len(text) and text[at].lower() == letter and part.winfo_ismapped():
                part.focus_set()
                part.invoke()
                return "break"
        return None

    def _escape(self, event: object) -> None:
        if self._question is not None:
            if self._question.hears_keys:
                self._question.refuse()
        elif self._leaving:
            self._stay()

    def _close(self) -> None:
        """Asks once where somebody might lose something by it."""
        if self._after is not None and not self._holds.session:
            self._destroy()
        elif self._holds.session and not self._leaving:
            self._leaving = True
            self._sure.pack(fill="x", before=self._stop)
            self._go_on.focus_set()
        else:
            self._end()

    def _stay(self) -> None:
        self._leaving = False
        self._sure.pack_forget()

    def _end(self) -> None:
        self._ending = True
        self._say(pipe.Stop())
        self._stop.configure(state="disabled", text=_("Ending…"))
        if self._deaf:
            self._destroy()

    # the end

    def fail(self, error: RsError | None) -> None:
        """The pipe's end (None) or a defect: a summary stays to be read, nothing else does."""
        self._deaf = True
        self.failed = self.failed or error
        if error is not None:
            self._say(pipe.Cannot(error.code, error.message, error.hint))
        if self._after is None or error is not None:
            self._destroy()
        else:
            self._holds = tell.NOBODY
            self._settle()
            self._tell()

    def _destroy(self) -> None:
        self._gone = True
        self._root.destroy()


def _buttons(parent: tk.Misc) -> list[tk.Button]:
    found: list[tk.Button] = []
    for part in parent.winfo_children():
        if isinstance(part, tk.Button):
            found.append(part)
        found += _buttons(part)
    return found
