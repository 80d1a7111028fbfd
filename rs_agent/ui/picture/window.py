"""The window itself: the technician's screen scaled to fit, and above it a bar that says whose it is.

The law: the bar is always there and the picture never reaches it, so that nothing in the picture can pass for the
customer's own screen. Nothing here listens to keys, or to the mouse over the picture.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font, ttk

from rs_agent.language import _
from rs_agent.ui.picture import pipe
from rs_relay.channels.screen.messages import Frame, Layout, Painted, Pause, Pointer, Resume, Shape
from rs_relay.errors import RsError
from rs_relay.glass import fit, look
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.glass import BEHIND
from rs_relay.glass.opening import open_glass
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.room import cut
from rs_relay.glass.shape import Shapes
from rs_relay.text import printable

NAME = 40  # characters of a name
BEFORE = (960, 600)  # the glass while no picture has come
LEAST = (480, 300)
TINT = "#dfe8fd"
GAP = 16  # pixels between the words and the button


class Window:
    """`say` sends to the agent. `failed` is what ended the window, None when the customer or the agent closed it."""

    def __init__(self, root: tk.Tk, say: Callable[..., None]) -> None:
        self.failed: RsError | None = None
        self._root, self._say = root, say
        self._over = self._sized = self._hidden = False
        self._resizing: str | None = None
        self._who = ""
        self._buffer = Framebuffer()
        self._fit: fit.Fit | None = None
        self._at: Pointer | None = None
        self._shapes = Shapes()
        look.dress(root)
        root.title("rs")
        self._build_bar()
        self._middle = tk.Frame(root, background=BEHIND, width=BEFORE[0], height=BEFORE[1])
        self._middle.pack_propagate(False)
        self._middle.pack(side="top", fill="both", expand=True)
        self._glass = open_glass(self._middle, self._buffer)
        self._glass.widget.pack(fill="both", expand=True)
        self._pointer = PointerLayer(self._glass)
        self._glass.layers.put("pointer", self._pointer)
        self._middle.bind("<Configure>", self._resized)
        root.protocol("WM_DELETE_WINDOW", self._close)
        root.bind("<Unmap>", lambda event: self._hide(event, True))
        root.bind("<Map>", lambda event: self._hide(event, False))

    def _build_bar(self) -> None:
        style = ttk.Style(self._root)
        style.configure("Told.TFrame", background=TINT)
        bold = font.nametofont("TkDefaultFont").copy()
        bold.configure(weight="bold")
        self._bold = bold  # Tk holds it by name only
        style.configure("Told.TLabel", background=TINT, foreground=look.INK, font=bold)
        bar = ttk.Frame(self._root, style="Told.TFrame", padding=(12, 6))
        bar.pack(side="top", fill="x")
        self._button = ttk.Button(bar, text=_("Close this window"), command=self._close, takefocus=False)
        self._button.pack(side="right")
        self._text = ttk.Label(bar, style="Told.TLabel")
        self._text.pack(side="left")
        self._bar = bar
        bar.bind("<Configure>", lambda event: self._tell())

    # what comes through the pipe

    def take(self, message: pipe.ToWindow) -> None:
        """Raises PeerBroke for what makes no sense."""
        match message:
            case Frame():
                self._frame(message)
            case Pointer():
                self._at = message
                self._show_pointer()
            case Shape():
                self._pointer.look(self._shapes.take(message))
            case Layout():
                self._layout(message)
            case pipe.Title(who):
                self._who = printable(who, NAME)
                self._root.title(_("{who} shows you their screen").format(who=self._who))
                self._tell()

    def _frame(self, frame: Frame) -> None:
        begun = self._buffer.complete
        changed = self._buffer.apply(frame)
        if self._fit:
            all_anew = self._buffer.complete and not begun  # what stayed black in it was in no frame
            self._glass.paint([self._fit.whole] if all_anew else [self._fit.shown(part) for part in changed])
        if not frame.more:
            self._glass.flush()
            self._say(Painted(frame.seq))

    def _layout(self, layout: Layout) -> None:
        self._buffer.begin(layout)
        if not self._sized:
            self._sized = True
            look.settle(self._root, self._middle, layout.width, layout.height, LEAST)
            self._tell()
        if self._fit is None or (self._fit.width, self._fit.height) != (layout.width, layout.height):
            self._lay()

    # how it lies

    def _resized(self, event: object) -> None:
        """Once for all the sizes that a window goes through while it is dragged between two idle moments."""
        if self._resizing is None:
            self._resizing = self._root.after_idle(self._lay)

    def _lay(self) -> None:
        self._resizing = None
        layout = self._buffer.layout
        if layout is None:
            return
        room = (self._middle.winfo_width(), self._middle.winfo_height())
        self._fit = fit.fitted(layout.width, layout.height, *room)
        self._glass.hang(self._fit)
        self._glass.paint([self._fit.whole])
        self._show_pointer()

    def _show_pointer(self) -> None:
        layout, at = self._buffer.layout, self._at
        if at is None or layout is None or self._fit is None:
            return
        x, y = at.x - layout.x, at.y - layout.y
        if not (0 <= x < layout.width and 0 <= y < layout.height):
            self._pointer.point(None)
            return
        left, top = self._fit.to_canvas(x, y)
        self._pointer.point((left - self._fit.left, top - self._fit.top))

    def _tell(self) -> None:
        """Whose screen it is, in as many words as the bar has room for."""
        if self._buffer.layout:  # before a pixel of it can be seen
            words = _("This is not your screen: {who} shows you theirs. You can only look.")
        else:
            words = _("Waiting for the picture…")
        room = self._bar.winfo_width() - 2 * 12 - GAP - self._button.winfo_reqwidth()
        shown = cut(words.format(who=self._who), max(room, 0), self._bold.measure)
        if self._text.cget("text") != shown:
            self._text.configure(text=shown)

    def _hide(self, event: tk.Event[tk.Misc], hidden: bool) -> None:
        """Nothing need be sent to a window that is out of sight."""
        if event.widget is self._root and hidden != self._hidden:
            self._hidden = hidden
            self._say(Pause() if hidden else Resume())

    # the end

    def _close(self) -> None:
        self._over = True
        self._say(pipe.Closed())
        self._end()

    def fail(self, error: RsError | None) -> None:
        """The end, and why; None when it is the agent's. The first one counts."""
        if self._over:
            return
        self._over = True
        self.failed = error
        if error:
            self._say(pipe.Cannot(error.code, error.message, error.hint))
        self._end()

    def _end(self) -> None:
        self._root.destroy()
        self._glass.close()
