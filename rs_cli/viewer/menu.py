"""The window's menu: what it offers as plain data, made anew each time it is posted, so it never shows what was.

Each line has a letter of its own, underlined, that chooses it: the one it asks for, else the first of its label that
nobody has. What the session's process offers (`pipe.Entry`) stands beside what the window offers itself.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from rs_cli.viewer.pipe import Entry, Kind
from rs_relay.glass import look
from rs_relay.text import printable

LABEL = 60  # characters of a label that came through the pipe


@dataclass(frozen=True)
class Line:
    """`run` is called when it is chosen. `letter`: the one it wants underlined."""

    label: str
    run: Callable[[], object]
    kind: Kind = Kind.COMMAND
    on: bool = False
    enabled: bool = True
    letter: str = ""


@dataclass(frozen=True)
class Group:
    """A submenu."""

    label: str
    lines: list[Line] = field(default_factory=list)
    letter: str = ""


@dataclass(frozen=True)
class Rule:
    """A thin line between two kinds of things."""

    label: str = ""
    letter: str = ""


Item = Line | Group | Rule


def menu(parent: tk.Misc, items: Callable[[], Sequence[Item]] | None = None) -> tk.Menu:
    """An empty one; with `items` it is filled anew whenever it is posted."""
    made = tk.Menu(
        parent, tearoff=False, background="#ffffff", foreground=look.INK, activebackground="#dfe8fd",
        activeforeground=look.INK, disabledforeground="#a3a9b5", relief="flat", borderwidth=1, activeborderwidth=0,
        selectcolor=look.ACCENT,
    )  # fmt: skip
    if items:
        made.configure(postcommand=lambda: fill(made, items()))
    return made


def fill(into: tk.Menu, items: Sequence[Item]) -> None:
    into.delete(0, "end")
    for child in into.winfo_children():
        child.destroy()
    for item, letter in zip(items, underlined(items), strict=True):
        match item:
            case Rule():
                into.add_separator()
            case Group(label, lines):
                below = menu(into)
                fill(below, lines)
                into.add_cascade(label=label, underline=letter, menu=below)
            case Line():
                _add(into, item, letter)


def underlined(items: Iterable[Item]) -> list[int]:
    """Where in its label each item's letter is; -1 for none."""
    items = list(items)
    taken = {item.letter.lower() for item in items if item.letter}
    found = []
    for item in items:
        label = item.label.lower()
        if item.letter:
            found.append(label.index(item.letter.lower()))
            continue
        at = next((n for n, letter in enumerate(label) if letter.isalnum() and letter not in taken), -1)
        if at >= 0:
            taken.add(label[at])
        found.append(at)
    return found


def offered(entries: Iterable[Entry], chosen: Callable[[str, bool], object]) -> list[Item]:
    """The session's entries: groups where their first one stands."""
    items: list[Item] = []
    groups: dict[str, Group] = {}
    for entry in entries:
        line = Line(
            printable(entry.label, LABEL),
            partial(chosen, entry.id, becomes(entry)),
            entry.kind,
            entry.on,
            entry.enabled,
        )
        if not entry.group:
            items.append(line)
            continue
        if entry.group not in groups:
            groups[entry.group] = Group(printable(entry.group, LABEL))
            items.append(groups[entry.group])
        groups[entry.group].lines.append(line)
    return items


def becomes(entry: Entry) -> bool:
    """What it is to be once it has been chosen."""
    return not entry.on if entry.kind is Kind.CHECK else True


def _add(into: tk.Menu, line: Line, letter: int) -> None:
    state: Literal["normal", "disabled"] = "normal" if line.enabled else "disabled"
    if line.kind is Kind.COMMAND:
        into.add_command(label=line.label, underline=letter, command=line.run, state=state)
        return
    # The menu holds its variable by name only: it must live as long as the menu does.
    shown = tk.BooleanVar(into, line.on)
    into.__dict__.setdefault("variables", []).append(shown)
    if line.kind is Kind.CHECK:
        into.add_checkbutton(label=line.label, underline=letter, variable=shown, command=line.run, state=state)
    else:
        into.add_radiobutton(
            label=line.label, underline=letter, variable=shown, value=True, command=line.run, state=state
        )
