"""A command of the customer's with this process's streams, terminal and signals: what `rs exec` is made of.

INT TERM HUP QUIT USR1 USR2 ──▶ the far process group; but USR a second time ──▶ we leave, it ends
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from rs_cli.doing.reach import reach
from rs_cli.features.exec import Exec, Sink
from rs_cli.terminal import output, rawterm
from rs_cli.terminal.pipes import Sink as OwnSink
from rs_cli.terminal.pipes import Source
from rs_relay.channels.exec import SIGNALS, Exited, Failed, Run
from rs_relay.text import printable

REACH = 60.0  # seconds, as `rs_cli.command_line.options` has it
NOT_FOUND = 127  # exit status where there is no such program, as shells have it
LATE = 124  # exit status of a command whose time was over, as `timeout` has it
LEAVING = ("INT", "TERM", "HUP", "QUIT")


class Left(KeyboardInterrupt):
    """Asked to leave for the second time."""


def run_words(number: int, words: Sequence[str]) -> int:
    """A command without any option, run as it stands; its exit status."""
    return run(number, Run(tuple(os.fsencode(word) for word in words)), REACH)


def run(number: int, command: Run, reaching: float) -> int:
    """Run it with our own streams; its exit status."""
    ended = asyncio.run(carry_out(number, command, reaching))
    if isinstance(ended, Failed):
        output.complain(f"rs: {printable(ended.why, 200)}")
        if ended.status == NOT_FOUND and not command.shell:
            output.complain(f"    `rs exec {number} -c 'LINE'` has the customer's shell run a line: `cd`, `|`, `~`.")
    elif ended.late:
        output.complain(f"rs: The command was ended after {command.seconds:g} s.")
    return status_of(ended)


def status_of(ended: Exited | Failed) -> int:
    return LATE if isinstance(ended, Exited) and ended.late else ended.status


async def carry_out(
    number: int, command: Run, reaching: float, *, stdout: Sink | None = None, stderr: Sink | None = None
) -> Exited | Failed:
    """How it ended. `stdout`, `stderr`: in place of our own. Raises RsError, KeyboardInterrupt."""
    with ExitStack() as stack:
        source = Source(0) if command.input else None
        far = Exec(command, source, stdout or OwnSink(1), stderr or OwnSink(2))
        async with reach(number, reaching) as session:
            if command.tty is not None and command.input:
                stack.enter_context(rawterm.raw())
            left = stack.enter_context(_signals(far, resizing=command.tty is not None))
            work = asyncio.create_task(session.during(far, far.result()))
            either: list[asyncio.Future[Any]] = [work, left]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                raise Left
            return work.result()


@contextmanager
def _signals(far: Exec, *, resizing: bool) -> Iterator[asyncio.Future[None]]:
    """What this process is sent goes to the command. The future is done when somebody insists."""
    loop = asyncio.get_running_loop()
    left: asyncio.Future[None] = loop.create_future()
    sending: set[asyncio.Task[None]] = set()
    told = 0

    def hear(name: str) -> None:
        nonlocal told
        told += name in LEAVING
        if told > 1 and not left.done():
            left.set_result(None)
        _send(far.signal(name))

    def resized() -> None:
        _send(far.resize(*rawterm.size()))

    def _send(work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        sending.add(task)
        task.add_done_callback(sending.discard)

    numbers = {number: name for name in SIGNALS if (number := getattr(signal, f"SIG{name}", None)) is not None}
    heard = []
    try:
        for number, name in numbers.items():
            loop.add_signal_handler(number, hear, name)
            heard.append(number)
        if resizing and hasattr(signal, "SIGWINCH"):
            loop.add_signal_handler(signal.SIGWINCH, resized)
            heard.append(signal.SIGWINCH)
    except NotImplementedError:
        pass  # Windows: Ctrl-C ends us, and thereby the command
    try:
        yield left
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
