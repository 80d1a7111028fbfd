"""The customer's folders: looked through, fetched from, sent to, and put in order."""

from __future__ import annotations

import posixpath
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from rs_cli.features.folders import Thing
from rs_cli.terminal.listing import by_name
from rs_cli.tui.desk import Case
from rs_cli.tui.screens.confirm import Confirm
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.widgets.paths import PathSuggester, existing
from rs_cli.tui.widgets.status_line import StatusLine
from rs_cli.tui.widgets.things import Things
from rs_relay.channels.folders import Kind
from rs_relay.errors import RsError, UsageError
from rs_relay.text import printable

T = TypeVar("T")
SHOWN = 60  # cells of a name in a question


class Browser(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "enter", "Open"),
        Binding("backspace,left", "up", "Up"),
        Binding("g", "fetch", "Get"),
        Binding("f", "send", "Send"),
        Binding("n", "make", "New"),
        Binding("r", "rename", "Rename"),
        Binding("x,delete", "remove", "Remove"),
        Binding("full_stop", "hidden", "Hidden"),
        Binding("o", "go", "Go"),
        Binding("f5,ctrl+r", "again", show=False),
        Binding("f1", "app.help", show=False),
        Binding("q,escape", "leave", "Back"),
    ]

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self._path = ""
        self._all: list[Thing] = []
        self._hidden = False
        self._asked = 0  # answers to older questions come too late

    def compose(self) -> ComposeResult:
        yield StatusLine(self.case)
        yield Static("", id="where", markup=False)
        yield Things()
        yield Static("", id="how", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Things).focus()
        self._look("")

    # what the keys do

    def action_enter(self) -> None:
        thing = self._chosen()
        if thing is None:
            return
        if thing.entry.kind in (Kind.FOLDER, Kind.LINK):
            self._look(self._at(thing))
        else:
            self._say("g gets it, r renames it, x removes it")

    def on_things_chosen(self) -> None:
        self.action_enter()

    def action_up(self) -> None:
        path = self._path.rstrip("/")
        if path:
            self._look(posixpath.dirname(path) or "/", at=posixpath.basename(path))

    def action_again(self) -> None:
        thing = self._chosen()
        self._look(self._path, at=thing.name if thing else "")

    def action_hidden(self) -> None:
        self._hidden = not self._hidden
        thing = self._chosen()
        self._fill(thing.name if thing else "")

    def action_go(self) -> None:
        self.app.push_screen(Prompt("Which folder?", "~/Documents"), self._go)

    def action_fetch(self) -> None:
        if (thing := self._chosen()) is not None:
            try:
                self.case.fetch(self._at(thing))
            except RsError as error:
                self.case.trouble(error)
                return
            self._say(f"{printable(thing.name, SHOWN)} is being fetched into {Path.cwd()}")

    def action_send(self) -> None:
        prompt = Prompt("Send a file or folder into this folder", "~/report.pdf", existing, PathSuggester())
        self.app.push_screen(prompt, self._send)

    def action_make(self) -> None:
        self.app.push_screen(Prompt("The new folder's name", "Reports", _name), self._make)

    def action_rename(self) -> None:
        if (thing := self._chosen()) is not None:
            title = f"What is {printable(thing.name, SHOWN)} to be called?"
            self.app.push_screen(
                Prompt(title, printable(thing.name, SHOWN), _name), lambda name: self._rename(thing, name)
            )

    def action_remove(self) -> None:
        if (thing := self._chosen()) is not None:
            whole = " and all that is in it" if thing.entry.kind is Kind.FOLDER else ""
            question = (
                f"Remove {printable(thing.name, SHOWN)}{whole} from the customer's computer? There is no way back."
            )
            self.app.push_screen(Confirm(question, "Remove"), lambda yes: self._remove(thing) if yes else None)

    def action_leave(self) -> None:
        self.dismiss()

    # what comes of it

    def _go(self, path: str | None) -> None:
        if path is not None:
            self._look(path)

    def _send(self, path: str | None) -> None:
        if path:
            try:
                self.case.send(str(Path(path).expanduser()), at=self._path)
            except RsError as error:
                self.case.trouble(error)
                return
            self._say("It is on its way; F5 looks again.")

    def _make(self, name: str | None) -> None:
        if name:
            path = posixpath.join(self._path, name)
            self.case.do(self._change(self.case.folders.make(path), at=name))

    def _rename(self, thing: Thing, name: str | None) -> None:
        if name and name != thing.name:
            to = posixpath.join(self._path, name)
            self.case.do(self._change(self.case.folders.move(self._at(thing), to), at=name))

    def _remove(self, thing: Thing) -> None:
        after = self.query_one(Things)
        place = min(after.cursor + 1, len(after.things) - 1)
        beside = after.things[place].name if after.things else ""
        work = self.case.folders.remove(
            self._at(thing),
            recursive=thing.entry.kind is Kind.FOLDER,
            passed=lambda count: self._say(f"{count} removed …"),
        )
        self.case.do(self._change(work, at=beside))

    def _removed(self, count: int) -> None:
        self._say(f"{count} removed …")

    async def _change(self, work: Coroutine[Any, Any, Any], at: str) -> None:
        try:
            await self._ask(work)
        finally:
            self._look(self._path, at=at)

    def _look(self, path: str, at: str = "") -> None:
        self._asked += 1
        self._say("…")
        self.case.do(self._read(path, at, self._asked))

    async def _read(self, path: str, at: str, asked: int) -> None:
        try:
            answer = await self._ask(self.case.folders.list(path))
            if answer.things and answer.things[0].name == answer.path:
                raise UsageError("That is no folder.", "")
        except RsError:
            if asked == self._asked and self.is_attached:
                self._tell()
            raise
        if asked != self._asked or not self.is_attached:
            return
        self._path, self._all = answer.path, by_name(answer.things)
        self._all.sort(key=lambda thing: thing.entry.kind is not Kind.FOLDER)
        self._fill(at)
        if answer.ended.left:
            self._say(f"{len(self.query_one(Things).things)} shown; {answer.ended.left} hidden ones need `disk`")

    async def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.case.session.during(self.case.folders, work)

    def _fill(self, at: str) -> None:
        shown = [thing for thing in self._all if self._hidden or not thing.name.startswith(".")]
        self.query_one(Things).fill(shown, at)
        self.query_one("#where", Static).update(printable(self._path or "~", 1000))
        self._tell()

    def _tell(self) -> None:
        things = self.query_one(Things)
        left = len(self._all) - len(things.things)
        self._say(f"{len(things.things)} shown" + (f", {left} hidden" if left else ""))

    def _say(self, text: str) -> None:
        if self.is_attached:
            self.query_one("#how", Static).update(text)

    def _chosen(self) -> Thing | None:
        return self.query_one(Things).chosen

    def _at(self, thing: Thing) -> str:
        return posixpath.join(self._path, thing.name)


def _name(text: str) -> None:
    if not text.strip() or "/" in text:
        raise UsageError("A name, without `/`.", "")
