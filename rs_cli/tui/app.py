"""The Textual application: it opens and closes screens, and owns the desk. Panels and screens do the rest."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from rs_cli.features.clipboard import LocalClipboard, system_clipboard
from rs_cli.joining.presence import dialled
from rs_cli.state import config
from rs_cli.state.book import Book
from rs_cli.tui.desk import Connect, Desk
from rs_cli.tui.messages import Beside, EndSession, OpenSession
from rs_cli.tui.screens.dashboard import Dashboard
from rs_cli.tui.screens.help import Help
from rs_cli.tui.screens.workspace import Workspace
from rs_relay.errors import RsError, SessionEnded


class RsApp(App[None]):
    CSS_PATH = "rs.tcss"
    TITLE = "rs"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", show=False, priority=True)]

    def __init__(
        self,
        relay: str,
        book: Book,
        connect: Connect = dialled,
        first: int | None = None,
        local: LocalClipboard | None = None,
    ) -> None:
        """`relay`: where new sessions are made ('' when none is set up). `first`: the session to open at once."""
        super().__init__()
        self.desk = Desk(book, connect, local)
        self._relay, self._first = relay, first

    async def on_mount(self) -> None:
        await self.push_screen(Dashboard(self.desk, self._relay))
        if self._first is not None:
            await self._open(self._first)

    async def on_unmount(self) -> None:
        await self.desk.close()

    def action_help(self) -> None:
        if not isinstance(self.screen, Help):
            self.push_screen(Help())

    @on(OpenSession)
    async def _opened(self, message: OpenSession) -> None:
        await self._open(message.number)

    @on(Beside)
    async def _beside(self, message: Beside) -> None:
        number = self.desk.beside(message.number, message.step)
        if number != message.number and isinstance(self.screen, Workspace):
            self.screen.dismiss()
            await self._open(number)

    @on(EndSession)
    async def _ended(self, message: EndSession) -> None:
        try:
            case = await self.desk.open(message.number)
        except RsError as error:
            self._tell(error)
            return
        self.run_worker(self._end(case.entry.number))

    async def _end(self, number: int) -> None:
        case = self.desk.cases[number]
        told = await case.session.end("")
        if not told:
            self.notify("It ends by itself after ten minutes.", title="The customer could not be told", markup=False)

    async def _open(self, number: int) -> None:
        try:
            case = await self.desk.open(number)
        except SessionEnded:
            return  # the table says so
        except RsError as error:
            self._tell(error)
            return
        await self.push_screen(Workspace(case))

    def _tell(self, error: RsError) -> None:
        self.notify(error.hint or " ", title=error.message, severity="error", markup=False)


def run_dashboard(first: int | None = None) -> None:
    """Open the dashboard on this terminal, with the workspace of session `first` on top."""
    settings = config.load()
    RsApp(settings.current, Book(), first=first, local=system_clipboard()).run()
