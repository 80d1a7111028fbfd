"""A shell of the customer's in this terminal, from the first look to the last: what `rs shell` and the dashboard run.

The terminal is raw meanwhile, so each key goes over as it is; `~` at the start of a line is ours (`terminal.escape`).
A lost link is told in a line of its own; the shell waits, and goes on where it was.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from rs_cli.features.shell import Shell
from rs_cli.session.events import Event, Moved
from rs_cli.session.status import Lost
from rs_cli.session.technician import Technician
from rs_cli.terminal import rawterm
from rs_cli.terminal.escape import Act, Escape
from rs_cli.terminal.pipes import Sink, Source
from rs_relay.channels.shell import PIECE, Attached, Ended, Taken
from rs_relay.text import printable

HELP = (
    "At the start of a line:  ~d  leave, the shell goes on   ~.  end the shell   ~~  a single ~",
    "`rs shell` with the session's number goes on with it.",
)


async def look(session: Technician, number: int = 0, new: bool = False) -> tuple[int, str]:
    """Until the shell has ended or was left: the exit status, and what is to be said about it. Raises RsError."""
    sink, source = Sink(1), Source(0)
    told = _Told(sink)
    term = rawterm.described()
    shell = Shell(sink, term.term, (term.columns, term.lines), number=number, new=new, attached=told.attached)
    silence = session.listen(told.hear)
    loop = asyncio.get_running_loop()
    resizing: set[asyncio.Task[None]] = set()

    def resized() -> None:
        task = loop.create_task(shell.resize(rawterm.size()))
        resizing.add(task)
        task.add_done_callback(resizing.discard)

    with suppress(NotImplementedError, AttributeError):
        loop.add_signal_handler(signal.SIGWINCH, resized)
    typing = asyncio.create_task(_type(shell, source, told))
    try:
        with rawterm.raw():
            try:
                ended = await session.during(shell, shell.result())
            finally:
                with suppress(OSError):
                    await sink.write(rawterm.CALM + b"\r\n")
    finally:
        silence()
        with suppress(NotImplementedError, AttributeError):
            loop.remove_signal_handler(signal.SIGWINCH)
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        sink.close()
    return _outcome(ended, told.number)


def _outcome(ended: Ended | Taken | None, number: int) -> tuple[int, str]:
    match ended:
        case Ended(status=status):
            return status, ""
        case Taken():
            return 0, f"Shell {number} is looked into from elsewhere now."
        case None:
            return 0, f"Left shell {number}; it goes on."


async def _type(shell: Shell, source: Source, told: _Told) -> None:
    escape = Escape()
    while data := await source.read(PIECE // 2):
        for said in escape.feed(data):
            match said:
                case bytes():
                    await shell.type(said)
                case Act.LEAVE:
                    await shell.leave()
                case Act.END:
                    await shell.end()
                case Act.HELP:
                    told.say(*HELP)
    await shell.leave()  # our terminal has gone


class _Told:
    """What is said between the lines of the shell."""

    def __init__(self, sink: Sink) -> None:
        self.number = 0
        self._sink = sink
        self._lost = False
        self._saying: set[asyncio.Task[None]] = set()

    def attached(self, attached: Attached, again: bool) -> None:
        first, self.number = self.number == 0, attached.number
        if self._lost:
            self.say("The connection is back." if again else "The connection is back; some of the output was not kept.")
        elif first and attached.new:
            self.say("~? at the start of a line helps.")
        self._lost = False

    def hear(self, event: Event) -> None:
        match event:
            case Moved(Lost(why)) if not self._lost and self.number:
                self._lost = True
                self.say(f"{printable(why, 200)} The shell waits …")
            case _:
                pass

    def say(self, *lines: str) -> None:
        text = "".join(f"\r\n\x1b[0m[rs: {line}]" for line in lines) + "\r\n"
        task = asyncio.get_running_loop().create_task(self._write(text.encode()))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _write(self, text: bytes) -> None:
        with suppress(OSError):
            await self._sink.write(text)
