"""The bar above the glass and the line below it: ttk, one quiet style, no state of their own.

Nothing here takes the keyboard: it belongs to the customer's computer. Whoever has no mouse gets the same things from
the menu on F8.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import font, ttk

from rs_cli.viewer.room import Fact, fitting

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


@dataclass(frozen=True)
class Tool:
    """A button; `on` None is one that only does something."""

    text: str
    run: Callable[[], object]
    on: bool | None = None
    enabled: bool = True


class ToolBar:
    """Above the glass. `exact` is the window's variable; the commands are the window's. What finds no room is left out,
    the last first; the menu has it all."""

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
        self._menu = ttk.Button(self.frame, text="Menu  F8", command=menu, takefocus=False)
        self._menu.pack(side="right")
        parts: list[tk.Widget] = [
            ttk.Radiobutton(
                self.frame,
                text=text,
                value=value,
                variable=exact,
                command=scale,
                style="Toggle.Toolbutton",
                takefocus=False,
            )
            for text, value in (("Fit to window", False), ("1:1", True))
        ]
        parts.append(self._separator())
        self._monitors = ttk.Menubutton(self.frame, text="Monitor", takefocus=False)
        for text, command in (("Full screen", full_screen), ("Save picture…", save)):
            parts.append(ttk.Button(self.frame, text=text, command=command, takefocus=False))
        self._own = parts
        self._several = False
        self._tools: list[tk.Widget] = []
        self.frame.bind("<Configure>", lambda event: self._stand(event.width))
        self._stand()

    def monitors(self, menu: tk.Menu | None, shown: str) -> None:
        """The choice of monitors, where there is one."""
        self._several = menu is not None
        if menu is not None:
            self._monitors.configure(menu=menu, text=shown)
        self._stand()

    def tools(self, tools: Iterable[Tool]) -> None:
        """More buttons, in place of those given before."""
        for old in self._tools:
            old.destroy()
        self._tools = [self._separator(), *(self._button(tool) for tool in tools)]
        if len(self._tools) == 1:
            self._tools.pop().destroy()
        self._stand()

    def _button(self, tool: Tool) -> ttk.Widget:
        state = "normal" if tool.enabled else "disabled"
        if tool.on is None:
            return ttk.Button(self.frame, text=tool.text, command=tool.run, state=state, takefocus=False)
        shown = tk.BooleanVar(self.frame, tool.on)
        button = ttk.Checkbutton(
            self.frame, text=tool.text, command=tool.run, variable=shown, state=state, style="Toggle.Toolbutton",
            takefocus=False,
        )  # fmt: skip
        button.__dict__["shown"] = shown  # Tk holds it by name only
        return button

    def _stand(self, width: int | None = None) -> None:
        """All that has room beside the menu's button, in order."""
        room = (width or self.frame.winfo_width()) - 2 * 6 - self._menu.winfo_reqwidth()
        parts = [*self._own[:3], *([self._monitors] if self._several else []), *self._own[3:], *self._tools]
        for part in (*self._own, self._monitors, *self._tools):
            part.pack_forget()
        for part in parts:
            line = part.winfo_class() == "TFrame"
            room -= part.winfo_reqwidth() + (12 if line else 2)
            if room < 0 and self.frame.winfo_width() > 1:
                break
            part.pack(side="left", **({"fill": "y", "padx": 6, "pady": 3} if line else {"padx": 1}))

    def _separator(self) -> ttk.Frame:
        return ttk.Frame(self.frame, style="Line.TFrame", width=1)


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
