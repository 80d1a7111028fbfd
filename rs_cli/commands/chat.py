"""`rs chat SESSION [TEXT]`: talk with the customer, from a terminal or a script."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.chat import Chat
from rs_cli.terminal import output
from rs_cli.terminal.lines import stdin_lines
from rs_relay.channels.chat import MAX_TEXT, Line, Who
from rs_relay.text import printable

app = typer.Typer()
RECENT = 10  # lines shown before a talk goes on at a terminal


@app.command()
def chat(
    session: Number,
    text: Annotated[str, typer.Argument(help="One line to say; without it you talk, or a pipe does.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print lines as they come, until Ctrl-C.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Print what was said so far.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Talk with the customer. With TEXT, says that line and returns when it has arrived."""
    talk = _Talk(session, timeout, as_json)
    if text:
        asyncio.run(talk.say(text))
    elif follow or history:
        asyncio.run(talk.listen(history, follow))
    elif sys.stdin.isatty():
        asyncio.run(talk.converse())
    else:
        asyncio.run(talk.say_all())


class _Talk:
    def __init__(self, number: int, timeout: float, as_json: bool) -> None:
        self._number, self._timeout, self._json = number, timeout, as_json

    async def say(self, text: str) -> None:
        talk = Chat()
        async with reach(self._number, self._timeout) as session:
            line = await session.during(talk, talk.say(text))
        if self._json:
            output.data(_as_data(line))

    async def say_all(self) -> None:
        """Each line of standard input, in order, until its end."""
        talk = Chat()

        async def speak() -> None:
            async for text in stdin_lines():
                if text:
                    line = await talk.say(text)
                    if self._json:
                        output.data(_as_data(line))

        async with reach(self._number, self._timeout) as session:
            await session.during(talk, speak())

    async def listen(self, history: bool, follow: bool) -> None:
        talk = Chat()

        async def print_lines() -> None:
            before = await talk.history()
            if history:
                self._print_all(before)
            if follow:
                await self._follow(talk, len(before))

        async with reach(self._number, self._timeout) as session:
            await session.during(talk, print_lines())

    async def converse(self) -> None:
        """A talk at a terminal: what the other side says appears as it comes; the end of the input ends it."""
        talk = Chat()

        async def speak() -> None:
            async for text in stdin_lines():
                if text:
                    await talk.say(text)

        async def both() -> None:
            before = await talk.history()
            self._print_all(before[-RECENT:])
            output.note("Type a line and press Enter; Ctrl-D ends the talk, not the session.")
            following = asyncio.create_task(self._follow(talk, len(before), own=False))
            try:
                await speak()
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

        async with reach(self._number, self._timeout) as session:
            await session.during(talk, both())

    async def _follow(self, talk: Chat, seen: int, own: bool = True) -> None:
        async for line in talk.following(seen):
            if own or line.who is not Who.TECHNICIAN or not talk.said_here(line):
                self._print(line)

    def _print_all(self, lines: list[Line]) -> None:
        for line in lines:
            self._print(line)

    def _print(self, line: Line) -> None:
        if self._json:
            output.data(_as_data(line))
        else:
            output.answer(_as_text(line))


def _as_text(line: Line) -> str:
    at = datetime.fromtimestamp(line.at).strftime("%H:%M")
    name = printable(line.name, 30) or str(line.who)
    return f"{at} {name}: {printable(line.text, MAX_TEXT, lines=True)}"


def _as_data(line: Line) -> dict[str, Any]:
    return {"number": line.number, "who": str(line.who), "name": line.name, "text": line.text, "at": line.at}
