"""What a panel is: a titled part of the workspace that draws one case, again whenever the case has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
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
        self.show()

    def show(self) -> None:
        raise NotImplementedError

    def enter(self) -> None:
        """Its key was pressed: put the focus where one works in this panel."""
        self.focus()


@dataclass(frozen=True)
class Place:
    """How a panel joins the workspace."""

    name: str  # also its id in the style sheet
    key: str
    label: str  # in the footer
    column: str  # 'left' | 'right'
    make: Callable[[Case], Panel]

    @property
    def binding(self) -> BindingType:
        return Binding(self.key, f"enter_panel('{self.name}')", self.label)
