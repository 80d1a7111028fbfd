"""What a panel is: a titled part of the workspace that draws one case, again whenever the case has changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.message import Message

from rs_cli.tui.desk import Case


class Panel(Vertical):
    """Subclasses compose their widgets and draw them in `show`. `show` runs once at the start, then after changes."""

    TITLE: ClassVar[str] = ""

    class Redraw(Message):
        """The case has changed. Several in the queue are one."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Panel.Redraw)

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self._stop: Callable[[], None] = lambda: None

    def on_mount(self) -> None:
        self.border_title = self.TITLE
        self._stop = self.case.watch(lambda: self.post_message(Panel.Redraw()))
        self.post_message(Panel.Redraw())

    def on_unmount(self) -> None:
        self._stop()

    def on_panel_redraw(self, message: Redraw) -> None:
        message.stop()
        with contextlib.suppress(NoMatches):  # the workspace is being taken down, which begins with the leaves
            self.show()

    def show(self) -> None:
        raise NotImplementedError

    def seen(self, on: bool) -> None:
        """The workspace is looked at again, or something else is."""

    def press(self, key: str) -> None:
        """One of its keys was pressed, anywhere in the workspace."""
        raise NotImplementedError


@dataclass(frozen=True)
class Key:
    key: str
    label: str  # in the footer; '' keeps it out of there


@dataclass(frozen=True)
class Place:
    """How a panel joins the workspace."""

    name: str  # also its id in the style sheet
    column: str  # 'left' | 'right'
    make: Callable[[Case], Panel]
    keys: tuple[Key, ...]

    @property
    def bindings(self) -> list[BindingType]:
        return [
            Binding(key.key, f"panel_key('{self.name}', '{key.key}')", key.label, show=bool(key.label))
            for key in self.keys
        ]
