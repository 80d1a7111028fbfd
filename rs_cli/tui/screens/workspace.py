"""One session's workspace: its panels, a status line, and the keys that leave the terminal (window, picture, end)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer

from rs_cli.session.status import Ended, Stopped
from rs_cli.tui import programs
from rs_cli.tui.desk import Case
from rs_cli.tui.messages import Beside, EndSession
from rs_cli.tui.panels import PANELS, Panel
from rs_cli.tui.screens.browser import Browser
from rs_cli.tui.screens.confirm import Confirm
from rs_cli.tui.screens.info import Info
from rs_cli.tui.widgets.status_line import StatusLine
from rs_relay.errors import LocalProblem, RsError


class Workspace(Screen[None]):
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "View"),
        Binding("s", "screenshot", "Picture"),
        Binding("l", "shell", "Shell"),
        Binding("o", "browse", "Files"),
        Binding("i", "info", "Info"),
        *[binding for place in PANELS for binding in place.bindings],
        Binding("left_square_bracket", "beside(-1)", show=False),
        Binding("right_square_bracket", "beside(1)", show=False),
        Binding("e", "end", "End"),
        Binding("f1", "app.help", "Help"),
        Binding("q", "back", "Back"),
        Binding("escape", "leave", show=False),
    ]

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self._stop: Callable[[], None] = lambda: None
        self._told = False

    def compose(self) -> ComposeResult:
        yield StatusLine(self.case)
        with Horizontal(id="panels"):
            for column in ("left", "right"):
                with Vertical(classes=column):
                    for place in PANELS:
                        if place.column == column:
                            panel = place.make(self.case)
                            panel.id = place.name
                            yield panel
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.case.trouble = self._trouble
        self._stop = self.case.watch(lambda: self.call_later(self._look))
        self._look()

    def on_unmount(self) -> None:
        self._stop()

    def on_screen_resume(self) -> None:
        self.case.read()
        self._seen(True)

    def on_screen_suspend(self) -> None:
        self._seen(False)

    def _seen(self, on: bool) -> None:
        for panel in self.query(Panel):
            panel.seen(on)

    # what the keys do

    def action_panel_key(self, name: str, key: str) -> None:
        self.query_one(f"#{name}", Panel).press(key)

    def action_view(self) -> None:
        self.case.do(programs.view(self.case.entry.number))

    def action_info(self) -> None:
        self.app.push_screen(Info(self.case))

    def action_screenshot(self) -> None:
        self.case.do(self._screenshot())

    async def _screenshot(self) -> None:
        path = await programs.screenshot(self.case.entry.number)
        self.app.notify(path, title="Picture saved", markup=False)

    def action_shell(self) -> None:
        self.case.do(self._shell())

    async def _shell(self) -> None:
        try:
            with self.app.batch_update(), self.app.suspend():  # nothing is drawn meanwhile
                await programs.shell(self.case.entry.number)
        except SuspendNotSupported:
            raise LocalProblem("The dashboard cannot give up this terminal.", "Run `rs shell` elsewhere.") from None

    def action_browse(self) -> None:
        self.app.push_screen(Browser(self.case))

    def action_beside(self, step: int) -> None:
        self.post_message(Beside(self.case.entry.number, step))

    def action_end(self) -> None:
        if self.case.is_over:
            self.action_back()
            return
        question = "End the session? It ends at both computers and cannot be resumed."
        self.app.push_screen(Confirm(question, "End it"), self._end)

    def action_back(self) -> None:
        self.dismiss()

    def action_leave(self) -> None:
        """Out of the line that is being written; from there, back to the dashboard."""
        if self.focused:
            self.set_focus(None)
        else:
            self.action_back()

    def _end(self, yes: bool | None) -> None:
        if yes:
            self.post_message(EndSession(self.case.entry.number))

    # what happens

    def _trouble(self, error: RsError) -> None:
        self.app.notify(error.hint or " ", title=error.message, severity="error", markup=False)

    def _look(self) -> None:
        """Tell once how it ended."""
        if self._told or not self.case.is_over:
            return
        self._told = True
        match self.case.status:
            case Ended(why):
                self.app.notify(why, title="The session has ended", severity="warning", markup=False)
            case Stopped(error) if error:
                self._trouble(error)
            case _:
                pass
