"""The player's window: a recording on the glass, and below it a bar that moves through it.

    Deck (how far) ─▶ Reel (which messages) ─▶ Framebuffer ─▶ Glass

While it plays, Tk calls `_tick` every few milliseconds; keys, the knob and the buttons only move the deck and tick.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from rs_cli.player.deck import SPEEDS, Deck
from rs_cli.player.slider import Slider
from rs_cli.recording.reader import Recording
from rs_cli.recording.reel import Reel
from rs_cli.terminal.spoken import clock
from rs_relay.channels.screen.messages import Frame, Layout, Pointer, Shape
from rs_relay.channels.screen.tiles import Rect
from rs_relay.errors import LocalProblem, PeerBroke, RsError
from rs_relay.glass import fit, look
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.opening import open_glass
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.shape import Shaped, Shapes
from rs_relay.text import printable

TICK = 16  # milliseconds while it plays
STEP, LONG_STEP = 5_000, 60_000  # milliseconds: an arrow key, a page key
MANY = 200  # parts: as soon paint all
ROOM = 0.85  # of the screen: the most that the window takes by itself
LEAST = (480, 300)
ICON = 24  # pixels


class Player:
    """`failed` is what ended the window, None when its user did."""

    def __init__(
        self, root: tk.Tk, recording: Recording, at: int = 0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.failed: RsError | None = None
        self.deck = Deck(recording.duration, now())
        self.deck.seek(at, now())
        self._root, self._recording, self._now = root, recording, now
        self._reel = Reel(recording)
        self._buffer = Framebuffer()
        self._fit: fit.Fit | None = None
        self._at: Pointer | None = None
        self._shapes = Shapes()
        self._shape: Shaped | None = None
        self._shown = (-1, False, 0.0)  # position, playing and speed, as the bar shows them
        self._later: str | None = None
        self._full = False
        self._build()
        self._keys()

    def _build(self) -> None:
        root = self._root
        root.title(f"{printable(self._recording.about.title, 80) or self._recording.path.name} — recording — rs")
        look.dress(root)
        bar = ttk.Frame(root, style="Bar.TFrame", padding=(8, 4))
        bar.pack(side="bottom", fill="x")
        self._icon = tk.Canvas(
            bar, width=ICON, height=ICON, background=look.PAPER, highlightthickness=0, cursor="hand2"
        )
        self._icon.bind("<Button-1>", lambda event: self.toggle())
        self._icon.pack(side="left")
        self._passed = ttk.Label(bar, text="", anchor="e", width=7)
        self._passed.pack(side="left")
        self._speed = ttk.Button(bar, text="1×", width=5, takefocus=False, command=self._next_speed)
        self._speed.pack(side="right")
        ttk.Label(bar, text=clock(self.deck.duration / 1000), style="Quiet.TLabel", width=7).pack(side="right")
        self._slider = Slider(bar, lambda part: self.seek(round(part * self.deck.duration)))
        self._slider.widget.pack(side="left", fill="x", expand=True)
        width, height = fit.first_size(
            *self._recording.largest, int(root.winfo_screenwidth() * ROOM), int(root.winfo_screenheight() * ROOM)
        )
        self._middle = tk.Frame(root, background=look.PAPER, width=max(width, LEAST[0]), height=max(height, LEAST[1]))
        self._middle.pack_propagate(False)
        self._middle.pack(side="top", fill="both", expand=True)
        self._glass = open_glass(self._middle, self._buffer)
        self._pointer = PointerLayer(self._glass)
        self._glass.layers.put("pointer", self._pointer)
        self._glass.widget.pack(fill="both", expand=True)
        self._glass.widget.bind("<Button-1>", lambda event: self.toggle(), add=True)
        self._middle.bind("<Configure>", lambda event: root.after_idle(self._lay))
        root.minsize(*LEAST)
        root.protocol("WM_DELETE_WINDOW", self.close)

    def _keys(self) -> None:
        does: dict[str, Callable[[], object]] = {
            "<space>": self.toggle,
            "<Left>": lambda: self._step(-STEP),
            "<Right>": lambda: self._step(STEP),
            "<Prior>": lambda: self._step(-LONG_STEP),
            "<Next>": lambda: self._step(LONG_STEP),
            "<Home>": lambda: self.seek(0),
            "<End>": lambda: self.seek(self.deck.duration),
            "<period>": self._next_change,
            "<plus>": lambda: self._faster(1),
            "<minus>": lambda: self._faster(-1),
            "<KP_Add>": lambda: self._faster(1),
            "<KP_Subtract>": lambda: self._faster(-1),
            "<f>": self._toggle_full,
            "<F11>": self._toggle_full,
            "<Escape>": self._escape,
            "<q>": self.close,
        }
        for key, act in does.items():
            self._root.bind(key, partial(_act, act))

    # what its user does

    def begin(self, speed: float, playing: bool) -> None:
        """Once, when the window is there."""
        self.deck.go(speed, self._now())
        if playing:
            self.toggle()
        else:
            self.tick()

    def toggle(self) -> None:
        self.deck.toggle(self._now())
        self.tick()

    def seek(self, to: int) -> None:
        self.deck.seek(to, self._now())
        self.tick()

    def close(self) -> None:
        self._root.destroy()
        self._glass.close()

    def fail(self, error: RsError) -> None:
        """The end, and why."""
        if self.failed is None:
            self.failed = error
            self.close()

    def _step(self, by: int) -> None:
        self.deck.step(by, self._now())
        self.tick()

    def _next_change(self) -> None:
        """Stops, and goes to where something happens next."""
        if self.deck.playing:
            self.deck.toggle(self._now())
        to = self._reel.next_time()
        if to is not None:
            self.seek(to)

    def _faster(self, steps: int) -> None:
        self.deck.faster(steps, self._now())
        self.tick()

    def _next_speed(self) -> None:
        """Round and round."""
        after = SPEEDS.index(self.deck.speed) + 1
        self.deck.go(SPEEDS[after % len(SPEEDS)], self._now())
        self.tick()

    def _toggle_full(self) -> None:
        self._full = not self._full
        self._root.attributes("-fullscreen", self._full)

    def _escape(self) -> None:
        if self._full:
            self._toggle_full()
        else:
            self.close()

    # what is shown

    def tick(self) -> None:
        """Shows the moment that the deck is at, and comes again while it plays."""
        if self._later is not None:
            self._root.after_cancel(self._later)
            self._later = None
        at = self.deck.look(self._now())
        try:
            self._show(at)
        except PeerBroke:
            self.fail(LocalProblem(f"The recording makes no sense at {clock(at / 1000)}.", "It may be damaged."))
            return
        except RsError as error:
            self.fail(error)
            return
        self._show_bar(at)
        if self.deck.playing:
            self._later = self._root.after(TICK, self.tick)

    def _show(self, at: int) -> None:
        anew = False
        changed: list[Rect] = []
        for message in self._reel.wind(at):
            match message:
                case Layout():
                    self._buffer.begin(message)
                    anew = True
                case Frame():
                    changed += self._buffer.apply(message)
                case Pointer():
                    self._at = message
                case Shape():
                    self._shape = self._shapes.take(message)
                    self._pointer.look(self._shape)
        if anew:
            self._lay()
        elif changed and self._fit:
            few = len(changed) < MANY
            self._glass.paint([self._fit.shown(part) for part in changed] if few else [self._fit.whole])
        self._point()
        self._glass.flush()

    def _lay(self) -> None:
        layout = self._buffer.layout
        if layout is None:
            return
        self._fit = fit.fitted(layout.width, layout.height, self._middle.winfo_width(), self._middle.winfo_height())
        self._glass.hang(self._fit)
        self._glass.paint([self._fit.whole])
        self._point()

    def _point(self) -> None:
        layout, at = self._buffer.layout, None
        if layout is not None and self._at is not None and self._fit is not None:
            x, y = self._at.x - layout.x, self._at.y - layout.y
            if 0 <= x < layout.width and 0 <= y < layout.height:
                left, top = self._fit.to_canvas(x, y)
                at = (left - self._fit.left, top - self._fit.top)
        self._pointer.point(at)

    def _show_bar(self, at: int) -> None:
        self._slider.show(at / max(self.deck.duration, 1))
        shown = (at // 1000, self.deck.playing, self.deck.speed)
        if shown == self._shown:
            return
        self._shown = shown
        self._passed.configure(text=clock(at / 1000))
        self._speed.configure(text=f"{self.deck.speed:g}×")
        self._draw_icon()

    def _draw_icon(self) -> None:
        """Two bars while it plays, else a triangle."""
        self._icon.delete("all")
        low, high = 5, ICON - 5
        if self.deck.playing:
            for left in (6, 14):
                self._icon.create_rectangle(left, low, left + 3, high, fill=look.INK, outline=look.INK)
        else:
            self._icon.create_polygon(7, low, 7, high, high + 1, ICON // 2, fill=look.INK, outline=look.INK)


def _act(act: Callable[[], object], event: object) -> None:
    act()
