"""The viewer's window: puts the parts together and hands over between them.

    pipe ─▶ Framebuffer ─▶ Glass          a frame: brought in, painted, and only then told as Painted
    Hands ─▶ pipe                         what the technician does on the glass
    Hands ─▶ Pen ─▶ Drawings, pipe        or draws on it
    ToolBar, StatusLine, the F8 menu      what the technician chooses about the window itself

Messages come to `take` in Tk's own thread, where everything else happens, too (see `rs_relay.glass.inbox`).
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from rs_cli.viewer import bars, menu, pipe, saving
from rs_cli.viewer.drawings import Drawings
from rs_cli.viewer.grab import SystemKeys
from rs_cli.viewer.hands import MENU_KEY, Hands
from rs_cli.viewer.meter import Meter, bits, exactness
from rs_cli.viewer.nib import nib
from rs_cli.viewer.pen import Pen
from rs_cli.viewer.pipe import Kind
from rs_relay.channels.screen.codecs import depth
from rs_relay.channels.screen.messages import (
    ALL_MONITORS,
    Choose,
    Frame,
    Layout,
    Painted,
    Pointer,
    Refresh,
    Shape,
)
from rs_relay.errors import RsError
from rs_relay.glass import fit, look
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.line import StatusLine
from rs_relay.glass.opening import open_glass
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.room import Fact
from rs_relay.glass.shape import Shaped, Shapes
from rs_relay.text import printable

BEFORE = (960, 600)  # the glass while no picture has come
LEAST = (520, 340)  # the bars need that much
TOOL = 24  # characters of a companion's button


class Window:
    """`say` sends to the session's process. `failed` is what ended the window, None when the technician or the session
    closed it."""

    def __init__(self, root: tk.Tk, say: Callable[..., None]) -> None:
        self.failed: RsError | None = None
        self._over = False
        self._root, self._say = root, say
        self._buffer = Framebuffer()
        self._fit: fit.Fit | None = None
        self._at: Pointer | None = None
        self._shapes = Shapes()
        self._shape: Shaped | None = None
        self._nib: Shaped | None = None  # of the drawing tool in the hand
        self._status = pipe.Status(connected=True, controlling=False, text="Waiting for the picture…")
        self._updates = Meter(time.monotonic)  # painted
        self.bytes = Meter(time.monotonic)  # come through the pipe; whoever reads it counts them
        self._codec = ""  # of the last pixels that were not exact
        self._sized = False
        self._resizing: str | None = None
        self._exact = tk.BooleanVar(root, False)
        self._entries: tuple[pipe.Entry, ...] = ()
        self._full = tk.BooleanVar(root, False)
        self._build()
        root.protocol("WM_DELETE_WINDOW", self._close)
        root.after(1000, self._tick)

    # putting it together

    def _build(self) -> None:
        root = self._root
        root.title("rs")
        look.dress(root)
        self._tools = bars.ToolBar(root, self._exact, self._lay, self._toggle_full, self._save, self._pop_up)
        self._line = StatusLine(root)
        self._middle = tk.Frame(root, background=look.PAPER, width=BEFORE[0], height=BEFORE[1])
        self._middle.grid_propagate(False)  # a scrollbar takes room from the glass; the window stays as it is
        self._glass = open_glass(self._middle, self._buffer)
        self._drawings = Drawings(self._glass, time.monotonic, lambda number: self._pen.erased(number))
        self._glass.layers.put("drawings", self._drawings)
        self._pointer = PointerLayer(self._glass)
        self._glass.layers.put("pointer", self._pointer)
        self._across = ttk.Scrollbar(self._middle, orient="horizontal", command=self._glass.xview)
        self._down = ttk.Scrollbar(self._middle, orient="vertical", command=self._glass.yview)
        self._glass.scrolls(self._across.set, self._down.set)
        self._middle.rowconfigure(0, weight=1)
        self._middle.columnconfigure(0, weight=1)
        glass = self._glass.widget
        glass.grid(row=0, column=0, sticky="nsew")
        self._hands = Hands(glass, self._glass.at, lambda said: self._say(pipe.Hands(said)), self._place, self._pop_up)
        self._pen = Pen(glass, self._drawings.add, self._say, self._hold)
        self._keys = SystemKeys(glass)
        self._menu = menu.menu(root, self._items)
        self._choices = menu.menu(root, self._monitors)
        self._arrange()
        self._middle.bind("<Configure>", self._resized)
        for event in ("<Enter>", "<Leave>"):
            glass.bind(event, lambda e: self._show_pointer(), add=True)
        glass.bind("<FocusIn>", lambda e: glass.after_idle(self._keys.take), add=True)  # a menu lets go a little later
        glass.bind("<FocusOut>", lambda e: self._keys.give_back(), add=True)
        glass.focus_set()
        self._show_status()

    def _arrange(self) -> None:
        """The bars stand around the glass, or not at all on the full screen."""
        for part in (self._tools.frame, self._line.frame, self._middle):
            part.pack_forget()
        if not self._full.get():
            self._tools.frame.pack(side="top", fill="x")
            self._line.frame.pack(side="bottom", fill="x")
        self._middle.pack(side="top", fill="both", expand=True)

    # what comes through the pipe

    def take(self, message: pipe.ToViewer) -> None:
        """Raises PeerBroke for what makes no sense."""
        match message:
            case Frame():
                self._frame(message)
            case Pointer():
                self._at = message
                self._show_pointer()
            case Shape():
                self._shape = self._shapes.take(message)
                self._pointer.look(self._shape)
                self._show_pointer()
            case Layout():
                self._layout(message)
            case pipe.Status():
                self._take_status(message)
            case pipe.Entries(entries):
                self._entries = entries
                self._tools.tools(self._tool(entry) for entry in entries if entry.tool)
            case pipe.Pen():
                self._pen.take(message)
            case pipe.Board(said):
                self._drawings.hear(said)
            case pipe.Title(text, exact):
                self._root.title(text)
                self._exact.set(exact)
                self._root.deiconify()  # unseen until now, see __main__
                self._lay()

    def _frame(self, frame: Frame) -> None:
        begun = self._buffer.complete
        changed = self._buffer.apply(frame)
        shades = [depth.NAME] if frame.shades else []
        for codec in shades + [part.codec for part in frame.regions] + [part.codec for part in frame.films]:
            self._codec = codec
        if self._fit:
            # The first whole update of a layout: what stayed black in it was in no frame.
            all_anew = self._buffer.complete and not begun
            self._glass.paint([self._fit.whole] if all_anew else [self._fit.shown(part) for part in changed])
        if not frame.more:
            self._glass.flush()
            self._say(Painted(frame.seq))
            self._drawings.updated()
            self._updates.count()
            if not begun:
                self._show_status()

    def _layout(self, layout: Layout) -> None:
        self._buffer.begin(layout)
        self._show_monitors(layout)
        if not self._sized:
            self._first_size(layout)
        self._drawings.lie(self._fit, layout)
        size = self._fit and (self._fit.width, self._fit.height)
        if size != (layout.width, layout.height):
            self._lay()
        self._show_status()

    def _take_status(self, status: pipe.Status) -> None:
        lost = self._status.connected and not status.connected
        self._status = status
        if lost:
            self._buffer.dimmed = True
            if self._fit:
                self._glass.paint([self._fit.whole])
        self._show_status()
        self._show_pointer()

    # how the picture lies

    def _first_size(self, layout: Layout) -> None:
        """The window takes the picture's size once; after that it is the technician's. On a slow line they may have
        given it one before: then it keeps that."""
        self._sized = True
        now = self._middle.winfo_width(), self._middle.winfo_height()
        if now in (BEFORE, (1, 1)):  # (1, 1): not on the screen yet
            look.settle(self._root, self._middle, layout.width, layout.height, LEAST)

    def _resized(self, event: object) -> None:
        """Once for all the sizes that a window goes through while it is dragged between two idle moments."""
        if self._resizing is None:
            self._resizing = self._root.after_idle(self._lay)

    def _lay(self) -> None:
        self._resizing = None
        layout = self._buffer.layout
        if layout is None:
            return
        lie = fit.pixel_for_pixel if self._exact.get() else fit.fitted
        self._fit = lie(layout.width, layout.height, *self._scrollbars(layout))
        self._drawings.lie(self._fit, layout)
        self._glass.hang(self._fit)
        self._glass.paint([self._fit.whole])
        self._show_pointer()
        self._show_facts()

    def _scrollbars(self, layout: Layout) -> tuple[int, int]:
        """There while the picture is 1:1 and larger than its room, each taking room from the other. What room is left.

        It is reckoned, not asked for: asking would lay out at once, and so lay out again within laying out."""
        width, height = self._middle.winfo_width(), self._middle.winfo_height()
        across = down = 0  # their thickness
        if self._exact.get():
            across = self._across.winfo_reqheight() * (layout.width > width)
            down = self._down.winfo_reqwidth() * (layout.height > height - across)
            across = self._across.winfo_reqheight() * (layout.width > width - down)
        self._stand(self._across, across, row=1, column=0, sticky="ew")
        self._stand(self._down, down, row=0, column=1, sticky="ns")
        return width - down, height - across

    def _stand(self, bar: ttk.Scrollbar, wanted: int, *, row: int, column: int, sticky: str) -> None:
        if wanted:
            bar.grid(row=row, column=column, sticky=sticky)
        else:
            bar.grid_remove()

    def _place(self) -> tuple[fit.Fit, int, int] | None:
        layout = self._buffer.layout
        return (self._fit, layout.x, layout.y) if self._fit and layout else None

    def _show_pointer(self) -> None:
        """The customer's pointer; while the technician controls it, their own looks like it instead. With a drawing
        tool in the hand they control nothing."""
        layout = self._buffer.layout
        controls = self._status.controlling and self._status.connected and not self._pen.on
        self._glass.wear(self._nib or (self._shape if controls else None))
        ours = controls and self._hands.over
        if self._at is None or layout is None or self._fit is None or ours or not self._status.connected:
            self._pointer.point(None)
            return
        x, y = self._at.x - layout.x, self._at.y - layout.y
        if not (0 <= x < layout.width and 0 <= y < layout.height):
            self._pointer.point(None)
            return
        left, top = self._fit.to_canvas(x, y)
        self._pointer.point((left - self._fit.left, top - self._fit.top))

    # what the technician chooses

    def _hold(self) -> None:
        """Another drawing tool, or none."""
        self._nib = nib(self._pen.taken) if self._pen.on else None
        self._hands.lend(self._pen if self._pen.on else None)
        self._show_pointer()

    def _items(self) -> list[menu.Item]:
        """What the menu offers now."""
        exact, keys = self._exact.get(), self._keys
        return [
            menu.Line("Fit to window", lambda: self._scale(False), Kind.CHOICE, not exact, letter="F"),
            menu.Line("1:1", lambda: self._scale(True), Kind.CHOICE, exact, letter="1"),
            menu.Line("Full screen", self._toggle_full, Kind.CHECK, self._full.get(), letter="u"),
            menu.Group("Monitor", self._monitors(), letter="M"),
            menu.Rule(),
            menu.Line("Save picture…", self._save, letter="S"),
            menu.Line("Fetch all again", lambda: self._say(Refresh()), letter="a"),
            menu.Rule(),
            *self._offered(),
            menu.Line("Pass system keys", self._pass_keys, Kind.CHECK, keys.on, keys.possible, letter="k"),
            menu.Line(f"Send {MENU_KEY}", lambda: self._hands.tap(MENU_KEY.lower()), letter="8"),
            menu.Line("Send Ctrl+Alt+Del", lambda: self._hands.tap("control_left", "alt_left", "delete"), letter="D"),
            menu.Rule(),
            menu.Line("Close window", self._close, letter="C"),
        ]

    def _offered(self) -> list[menu.Item]:
        """The session's part, and a rule below it."""
        items = menu.offered(self._entries, self._chosen)
        return [*items, menu.Rule()] if items else []

    def _chosen(self, what: str, on: bool) -> None:
        self._say(pipe.Chosen(what, on))

    def _tool(self, entry: pipe.Entry) -> bars.Tool:
        def run() -> None:
            self._chosen(entry.id, menu.becomes(entry))
            self._glass.widget.focus_set()

        on = None if entry.kind is Kind.COMMAND else entry.on
        return bars.Tool(printable(entry.label, TOOL), run, on, entry.enabled)

    def _monitors(self) -> list[menu.Line]:
        layout = self._buffer.layout
        if layout is None:
            return []
        names = ["All monitors", *(_describe(n, m.name, m.width, m.height) for n, m in enumerate(layout.monitors))]
        return [
            menu.Line(name, partial(self._say, Choose(number)), Kind.CHOICE, number == layout.chosen)
            for number, name in enumerate(names, ALL_MONITORS)
        ]

    def _show_monitors(self, layout: Layout) -> None:
        lines = self._monitors()
        shown = next((line.label for line in lines if line.on), lines[0].label)
        self._tools.monitors(self._choices if len(layout.monitors) > 1 else None, shown)

    def _scale(self, exact: bool) -> None:
        self._exact.set(exact)
        self._lay()

    def _pass_keys(self) -> None:
        self._keys.want(not self._keys.on)
        self._show_facts()

    def _toggle_full(self) -> None:
        self._full.set(not self._full.get())
        self._apply_full()

    def _apply_full(self) -> None:
        self._root.attributes("-fullscreen", self._full.get())
        self._arrange()
        self._glass.widget.focus_set()

    def _save(self) -> None:
        self._hands.leave()
        if not self._buffer.complete:
            self._line.say("There is no picture to save yet.", look.WAIT)
            return
        try:
            name = saving.save(self._root, self._buffer.still())
        except RsError as error:
            self._line.say(error.message, look.BAD)
        else:
            if name:
                self._line.say(f"Saved as {printable(name, 80)}.", look.GOOD)
        self._glass.widget.focus_set()

    def _pop_up(self) -> None:
        """Posts the menu in the glass's corner; Escape closes it, underlined letters choose."""
        self._keys.give_back()
        glass = self._glass.widget
        self._menu.tk_popup(glass.winfo_rootx() + 8, glass.winfo_rooty() + 8, 0)

    # status

    def _show_status(self) -> None:
        status = self._status
        good = status.connected and self._buffer.complete
        self._line.say(status.text, look.GOOD if good else look.WAIT)
        self._show_facts()

    def _show_facts(self) -> None:
        layout, trip = self._buffer.layout, self._status.round_trip
        known = layout is not None
        self._line.facts(
            Fact("" if not self._keys.on else f"system keys pass ({MENU_KEY} frees them)", 9),
            Fact(self._status.granted, 3),
            Fact(f"{layout.width} × {layout.height}" if layout else "", 1),
            Fact(f"{self._fit.percent} %" if self._fit else "", 2),
            Fact(self._exactness() if known else "", 8),
            Fact(f"{self._updates.rate():.0f} fps" if known else "", 7),
            Fact(bits(self.bytes.rate()) if known else "", 6),
            Fact(f"{trip * 1000:.0f} ms" if trip is not None else "", 5),
        )

    def _exactness(self) -> str:
        layout = self._buffer.layout
        return exactness(layout.colours, self._buffer.lossy, self._codec) if layout and self._buffer.complete else ""

    def _tick(self) -> None:
        self._drawings.tick()
        self._show_facts()
        self._root.after(1000, self._tick)

    # the end

    def _close(self) -> None:
        self._hands.leave()
        self._over = True
        self._say(pipe.Closed())
        self._end()

    def fail(self, error: RsError | None) -> None:
        """The end, and why; None when it is the session's. The first one counts."""
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


def _describe(number: int, name: str, width: int, height: int) -> str:
    return f"{number + 1}: {printable(name, 24)}  ({width} × {height})"
