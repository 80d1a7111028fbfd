"""`rs ls 3:Documents`: what is in a folder of the customer's."""

from __future__ import annotations

import shutil
import time
from typing import Annotated

import typer

from rs_cli.command_line.options import HOME, REACH, AsJson, Paths, Timeout
from rs_cli.doing.there import There, carry_out, expanded, paths, wild
from rs_cli.features.folders import Thing
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Kind

app = typer.Typer()


@app.command()
def ls(
    what: Paths = HOME,
    every: Annotated[bool, typer.Option("--all", "-a", help="Also what begins with a dot.")] = False,
    long: Annotated[bool, typer.Option("--long", "-l", help="Mode, owner, size and time of each.")] = False,
    human: Annotated[bool, typer.Option("--human", "-h", help="With -l: sizes as 3.4K, 120M.")] = False,
    by_time: Annotated[bool, typer.Option("-t", help="Newest first.")] = False,
    by_size: Annotated[bool, typer.Option("-S", help="Largest first.")] = False,
    backwards: Annotated[bool, typer.Option("--reverse", "-r", help="The other way round.")] = False,
    itself: Annotated[bool, typer.Option("--directory", "-d", help="The folder itself, not what is in it.")] = False,
    one: Annotated[bool, typer.Option("-1", help="One a line, also on a terminal.")] = False,
    null: Annotated[bool, typer.Option("--null", "-0", help="NUL after each name, names as they are.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """List folders of the customer's. Without a path: the home folder."""
    words = what or [":"]
    shell = _Shell(
        every, long, human, by_time, by_size, backwards, itself, one, null, as_json, len(paths(words, "ls")) > 1
    )
    return carry_out(words, "ls", timeout, shell.show, as_json)


class _Shell:
    def __init__(
        self, every: bool, long: bool, human: bool, by_time: bool, by_size: bool, backwards: bool, itself: bool,
        one: bool, null: bool, as_json: bool, several: bool,
    ) -> None:  # fmt: skip
        self._every, self._long, self._human, self._itself = every, long, human, itself
        self._by_time, self._by_size, self._backwards = by_time, by_size, backwards
        self._one = one or not output.is_terminal()
        self._null, self._json, self._several = null, as_json, several
        self._shown = 0

    async def show(self, there: There) -> None:
        if self._itself:
            names = await expanded(there)
            things = [await there.folders.stat(name) for name in names]
            self._print([Thing(name, t.entry, t.target) for name, t in zip(names, things, strict=True)], there, "")
        elif wild(there.path):
            await self._matches(there)
        else:
            await self._folder(there, there.path, headed=self._several)

    async def _matches(self, there: There) -> None:
        things = (await there.folders.glob(there.path)).things
        others = [thing for thing in things if thing.entry.kind is not Kind.FOLDER]
        if others:
            self._print(others, there, "")
        for folder in (thing for thing in things if thing.entry.kind is Kind.FOLDER):
            await self._folder(there, folder.name, headed=len(things) > 1)

    async def _folder(self, there: There, path: str, *, headed: bool) -> None:
        answer = await there.folders.list(path)
        things = answer.things
        single = len(things) == 1 and things[0].name == answer.path and things[0].entry.kind is not Kind.FOLDER
        if single:  # a file
            things = [Thing(path, things[0].entry, things[0].target)]
        elif not self._every:
            things = [thing for thing in things if not thing.name.startswith(".")]
        if headed and not (single or self._json or self._null):
            listing.emit(("\n" if self._shown else "") + f"{listing.shown(path or '~')}:")
        self._print(things, there, answer.path)
        if answer.ended.more:
            output.note(f"rs: There is more; only {answer.ended.count} are listed.")
        if answer.ended.left and self._every:
            output.note(f"rs: {answer.ended.left} more are hidden: `rs sessions ask {there.session} disk`.")

    def _print(self, things: list[Thing], there: There, path: str) -> None:
        things = self._sorted(things)
        self._shown += 1
        if self._json:
            entries = [listing.as_data(thing) for thing in things]
            output.data({"session": there.session, "path": path, "entries": entries})
        elif self._null:
            listing.emit("".join(f"{thing.name}\0" for thing in things), end="")
        elif self._long:
            self._lines(listing.long_lines(things, time.time(), human_sizes=self._human))
        elif self._one:
            self._lines([listing.coloured(thing) for thing in things])
        else:
            self._lines(listing.columns(things, shutil.get_terminal_size().columns))

    @staticmethod
    def _lines(lines: list[str]) -> None:
        if lines:
            listing.emit("\n".join(lines))

    def _sorted(self, things: list[Thing]) -> list[Thing]:
        things = listing.by_name(things)
        if self._by_time or self._by_size:
            things.sort(key=lambda t: t.entry.mtime if self._by_time else t.entry.size, reverse=True)
        return things[::-1] if self._backwards else things
