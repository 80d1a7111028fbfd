"""How the customer's window looks: large type, every text at 7:1 or more against what is behind it, and a thick ring
round whatever has the keyboard. Widgets are Tk's classic ones, whose colours no theme of the desktop takes away."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import font
from typing import Any

from rs_agent.ui.face.tell import key

PAPER, INK, SOFT = "#ffffff", "#16181d", "#454b57"
CALM, SEEN, HALT = "#1f4a35", "#8a1c12", "#5a3d00"  # behind the line that tells what is: nobody, somebody, paused
STOP, STOP_OVER = "#a3140a", "#7d0f07"
YES, YES_OVER = "#14532d", "#0d3a1f"
PLAIN, PLAIN_OVER = "#e7eaf0", "#d3d8e2"
RING = "#0b57d0"
WARN = "#fff3cd"
GAP = 14  # pixels between parts
LOW = 800  # pixels (of usual size) of a screen below which type is a little smaller
FAMILIES = ("Segoe UI", "Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans")


@dataclass(frozen=True)
class Fonts:
    text: font.Font
    small: font.Font
    strong: font.Font
    large: font.Font
    number: font.Font  # what is to be read aloud or put down, beside other things
    code: font.Font  # the same, where there is nothing else


def scale(root: tk.Misc) -> float:
    """How much larger than usual letters are on this screen, which WIDE and the like are made for."""
    return max(1.0, float(root.tk.call("tk", "scaling")) / (96 / 72))


def fonts(root: tk.Tk) -> Fonts:
    there = set(font.families(root))
    family = next((f for f in FAMILIES if f in there), font.nametofont("TkDefaultFont").actual("family"))
    less = 0 if root.winfo_screenheight() >= LOW * scale(root) else 1

    def made(size: int, weight: str = "normal") -> font.Font:
        return font.Font(root, family=family, size=size - less, weight=weight)  # type: ignore[arg-type]

    return Fonts(
        made(12), made(11), made(12, "bold"), made(16, "bold"), made(26 - 2 * less, "bold"), made(38 - 2 * less, "bold")
    )


def button(
    parent: tk.Misc,
    label: str,
    act: Callable[[], object],
    letters: font.Font,
    *,
    kind: str = "plain",
    fills: bool = False,
    **more: Any,
) -> tk.Button:
    """`label` with `&` before its access key. Enter presses it as Space does. `fills`: it is as wide as there is room,
    and its text breaks into lines where that is little."""
    text, at = key(label)
    behind, over, ink = {
        "plain": (PLAIN, PLAIN_OVER, INK), "stop": (STOP, STOP_OVER, PAPER), "yes": (YES, YES_OVER, PAPER),
    }[kind]  # fmt: skip
    made = tk.Button(
        parent, text=text, underline=at, command=act, font=letters, background=behind, activebackground=over,
        foreground=ink, activeforeground=ink, disabledforeground=SOFT, relief="flat", borderwidth=0, padx=14, pady=7,
        highlightthickness=3, highlightcolor=RING, highlightbackground=PAPER, cursor="hand2", **more,
    )  # fmt: skip
    made.bind("<Return>", lambda event: made.invoke())
    made.bind("<KP_Enter>", lambda event: made.invoke())
    if fills:
        around = 2 * (14 + 3) + 4
        made.bind("<Configure>", lambda event: made.configure(wraplength=max(event.width - around, 60)))
    return made


def scrollbar(parent: tk.Misc) -> tk.Scrollbar:
    """It can have the keyboard (arrows and pages roll then), and shows so."""
    return tk.Scrollbar(parent, highlightthickness=3, highlightcolor=RING, highlightbackground=PAPER)


def words(parent: tk.Misc, letters: font.Font, text: str = "", **more: Any) -> tk.Label:
    """A text that breaks into lines as the window is wide."""
    look: dict[str, Any] = {"background": PAPER, "foreground": INK, "justify": "left", "anchor": "w"} | more
    made = tk.Label(parent, text=text, font=letters, **look)
    made.bind("<Configure>", lambda event: made.configure(wraplength=max(event.width - 8, 80)))
    return made
