"""The customer's screen in small, for as long as somebody looks at it: a second or so behind."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult, SuspendNotSupported
from textual.widgets import Static

from rs_cli.terminal.picture import load
from rs_cli.tui.panels.panel import Panel
from rs_cli.tui.widgets import picture
from rs_cli.tui.widgets.picture import PictureView
from rs_relay.errors import RsError


class ScreenPanel(Panel):
    TITLE = "Their screen"
    _asked = False  # what this terminal can show, once in the program's life
    _view: PictureView | None = None
    _drawn: object = None  # the pixels that are shown

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_unmount(self) -> None:
        self.case.look_on(False)

    def show(self) -> None:
        preview = self.case.preview
        self.set_class(preview is not None, "on")
        line = self.query_one(Static)
        if preview is None:
            line.update(Text("○ not looked at   w: look, v: in a window", "dim"))
        elif preview.pixels is None:
            line.update(Text.assemble(("… waiting for the picture", "yellow"), ("   w: stop", "dim")))
        line.display = preview is None or preview.pixels is None
        self._show_picture()

    def seen(self, on: bool) -> None:
        """Nobody looks through another screen."""
        if self.case.preview is not None:
            self.case.do(self.case.preview.pause(not on))

    def press(self, key: str) -> None:
        if self.case.preview is None:
            self._ask_terminal()
        self.case.look_on(self.case.preview is None)

    def _show_picture(self) -> None:
        pixels = self.case.preview.pixels if self.case.preview else None
        if pixels is None:
            if self._view is not None:
                self._view.remove()
                self._view = self._drawn = None
            return
        if self._view is None:
            self._view = PictureView()
            self.mount(self._view)
        if pixels is not self._drawn:
            from PIL import Image

            self._drawn = pixels
            self._view.put(Image.fromarray(pixels))

    def _ask_terminal(self) -> None:
        """The terminal answers on the keyboard's line: Textual must not be listening."""
        if ScreenPanel._asked:
            return
        ScreenPanel._asked = True
        try:
            with self.app.suspend():
                picture.use(load())
        except SuspendNotSupported:
            return
        except RsError as error:
            self.case.trouble(error)
