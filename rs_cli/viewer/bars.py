"""The bar above the glass: ttk, in the style of `rs_relay.glass.look`, no state of its own.

Nothing here takes the keyboard: it belongs to the customer's computer. Whoever has no mouse gets the same things from
the menu on F8.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import ttk


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
