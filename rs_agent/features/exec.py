"""Commands at the customer's end: one a channel, as the logged-in user, in sight, and over with its channel.

Who does what in `run`: the loop itself hears the technician and never waits for the command; one task feeds the
command's input, one speaks for each stream that it writes, and each waits for whoever is slower. The customer reads
which command was started, and the journal how it ended.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from rs_agent.courtesy import Courtesy
from rs_agent.feature import Context
from rs_agent.language import _
from rs_agent.programs import surroundings
from rs_agent.programs.base import Running, Size
from rs_agent.programs.program import start
from rs_relay import streams
from rs_relay.channels.exec import (
    AHEAD,
    NOT_EXECUTABLE,
    NOT_FOUND,
    PIECE,
    SIGNALS,
    SPEC,
    STDERR,
    STDOUT,
    WORDS,
    Deaf,
    Down,
    EndOfInput,
    Errors,
    Exited,
    Failed,
    Input,
    Output,
    Resize,
    Run,
    Signal,
    Taken,
    Unheard,
    Up,
)
from rs_relay.errors import PeerBroke, RsError, TooLarge
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.text import printable

AT_ONCE = 64  # commands of a session that run at the same time
SHOWN, NOTED = 72, 400  # characters of a command that the customer is shown, and that the journal keeps
CELLS = 1000  # of a terminal, each way
TERM = 64  # characters of a terminal's name


class Exec:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: set[Running] = set()

    async def run(self, channel: Channel[Down, Up]) -> None:
        first = await channel.receive()
        if not isinstance(first, Run):
            raise PeerBroke("The other end spoke to a command before it named one.")
        asked = _checked(first)
        if len(self._running) >= AT_ONCE:
            raise TooLarge(f"{AT_ONCE} commands are running there already.", "Wait until some have ended.")
        line = _line(asked)
        try:
            program = await self._start(asked)
        except OSError as e:
            status, why = _why_not(asked, e)
            self._tell(line, _("{name} tried to run: {command}"))
            self._context.note("command not started", f"{status} {printable(line, NOTED)}")
            await channel.send(Failed(status, why))
            return
        self._running.add(program)
        self._tell(line, _("{name} runs: {command}"))
        talk = _Talk(channel, program, asked, self._context.courtesy)
        try:
            await talk.run()
        finally:
            self._running.discard(program)
            self._context.note("command", f"{talk.outcome} {printable(line, NOTED)}")
            try:
                await program.end()
            finally:
                program.close()

    def close(self) -> None:
        """The session is over: nothing that it started goes on."""
        for program in list(self._running):
            program.close()

    async def _start(self, asked: Run) -> Running:
        """Raises OSError when the program or the folder is not there, or is no program."""
        home, tty = self._context.home, asked.tty
        cwd = surroundings.folder(os.fsdecode(asked.cwd), home)
        env = surroundings.environment(os.environ, asked.env, home, tty.term if tty else "")
        if asked.shell:
            shell = surroundings.login_shell()
            argv = [shell, "-c" if os.name == "posix" else "/c", os.fsdecode(asked.argv[0])]
        else:
            argv = [os.fsdecode(word) for word in asked.argv]
        executable = surroundings.find(argv[0], cwd, env.get("PATH"))
        return await start(
            argv,
            executable=executable,
            cwd=cwd,
            env=env,
            size=Size(tty.columns, tty.lines) if tty else None,
            input=asked.input,
        )

    def _tell(self, line: str, text: str) -> None:
        name, command = printable(self._context.technician, 60), printable(line, SHOWN)
        self._context.face.notice(text.format(name=name, command=command))


class _Talk:
    """One command and its channel."""

    def __init__(self, channel: Channel[Down, Up], program: Running, asked: Run, courtesy: Courtesy) -> None:
        self.outcome = "ended"  # for the journal
        self._channel, self._program, self._asked, self._courtesy = channel, program, asked, courtesy
        self._input: deque[memoryview | None] = deque()  # None: its end
        self._more = asyncio.Event()
        self._held = 0  # bytes in `_input`
        self._deaf = not asked.input
        self._late = False
        self._speakers: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until the command has ended and all was said, or the channel ends."""
        program = self._program
        streams_of: list[tuple[int, int | None, Callable[[memoryview], Output | Errors]]] = [
            (STDOUT, program.stdout, Output),
            (STDERR, program.stderr, Errors),
        ]
        for stream, fd, say in streams_of:
            if fd is not None:
                self._speakers[stream] = asyncio.create_task(self._speak(fd, say), name="output")
        feeding = asyncio.create_task(self._feed(), name="input")
        hearing = asyncio.create_task(self._hear(), name="hear")
        finishing = asyncio.create_task(self._finish(), name="exit")
        tasks = {feeding, hearing, finishing, *self._speakers.values()}
        late = (
            asyncio.get_running_loop().call_later(self._asked.seconds, self._over_time) if self._asked.seconds else None
        )
        try:
            await asyncio.wait({hearing, finishing}, return_when=asyncio.FIRST_COMPLETED)
            (finishing if finishing.done() else hearing).result()
        finally:
            if late is not None:
                late.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            match await self._channel.receive():
                case Input(data=data):
                    if self._program.terminal:
                        self._courtesy.awaited()
                    self._held += len(data)
                    if self._held > AHEAD:
                        raise PeerBroke("The other end sent more input than there was room for.")
                    self._push(data)
                case EndOfInput():
                    self._push(None)
                case Signal(name=name):
                    if name not in SIGNALS:
                        raise PeerBroke("The other end sent a signal that there is not.")
                    self._program.signal(name)
                case Resize(columns=columns, lines=lines):
                    self._program.resize(_size(columns, lines))
                case Unheard(stream=stream):
                    if (speaker := self._speakers.get(stream)) is not None and not self._program.terminal:
                        speaker.cancel()
                        await asyncio.gather(speaker, return_exceptions=True)
                        self._program.close_output(stream)
                case _:
                    raise PeerBroke("The other end named two commands at once.")

    def _push(self, data: memoryview | None) -> None:
        self._input.append(data)
        self._more.set()

    async def _feed(self) -> None:
        """Input into the command, as fast as it takes it; what it does not want is dropped, and counts as taken."""
        total = 0
        while True:
            while not self._input:
                self._more.clear()
                await self._more.wait()
            data = self._input.popleft()
            if data is None:
                await self._end_input()
                continue
            if not self._deaf and (fd := self._program.stdin) is not None:
                try:
                    await streams.write(fd, data)
                except OSError:
                    self._deaf = True
                    await self._say(Deaf())
            self._held -= len(data)
            total += len(data)
            await self._say(Taken(total), replaces="taken")

    async def _end_input(self) -> None:
        self._deaf = True
        if not self._program.terminal:
            self._program.close_stdin()
        elif (fd := self._program.stdin) is not None:
            with suppress(OSError):  # what a person types to say so; read as such where lines are read
                await streams.write(fd, b"\x04")

    async def _speak(self, fd: int, say: Callable[[memoryview], Output | Errors]) -> None:
        while data := await streams.read(fd, PIECE):
            await self._say(say(memoryview(data)))

    async def _say(self, message: Down, replaces: str = "") -> None:
        try:
            await self._channel.send(message, replaces=replaces)
        except (ChannelClosed, RsError):
            await asyncio.Event().wait()  # `_hear` learns it, too, and ends it all

    async def _finish(self) -> None:
        """The command has ended: all that it wrote is said, then how it ended."""
        status = await self._program.over
        await asyncio.gather(*self._speakers.values(), return_exceptions=True)
        name = _signal_name(-status) if status < 0 else ""
        exited = Exited(status if status >= 0 else 128 - status, name, self._late)
        self.outcome = f"{exited.status}"
        await self._say(exited)

    def _over_time(self) -> None:
        self._late = True
        self._ending = asyncio.ensure_future(self._program.end())


def _checked(asked: Run) -> Run:
    """Raises PeerBroke, TooLarge."""
    words = sum(map(len, asked.argv)) + sum(len(k) + len(v) for k, v in asked.env.items()) + len(asked.cwd)
    if words > WORDS:
        raise TooLarge("That command is too long.", "Send it as a file, or through standard input.")
    if not asked.argv or not asked.argv[0] or (asked.shell and len(asked.argv) != 1):
        raise PeerBroke("The other end named no command.")
    texts = [*asked.argv, asked.cwd, *(part.encode() for pair in asked.env.items() for part in pair)]
    if any(b"\0" in text for text in texts) or any(not name or "=" in name for name in asked.env):
        raise PeerBroke("The other end named a command that no computer can run.")
    if not 0 <= asked.seconds < 1e9:
        raise PeerBroke("The other end gave a command an odd time to run.")
    if asked.tty is not None:
        _size(asked.tty.columns, asked.tty.lines)
        if not asked.tty.term.replace("-", "").replace(".", "").replace("+", "").replace("_", "").isalnum():
            raise PeerBroke("The other end has a terminal without a name.")
        if len(asked.tty.term) > TERM:
            raise PeerBroke("The other end has a terminal with an odd name.")
    return asked


def _size(columns: int, lines: int) -> Size:
    if not (0 < columns <= CELLS and 0 < lines <= CELLS):
        raise PeerBroke("The other end has a terminal of an odd size.")
    return Size(columns, lines)


def _line(asked: Run) -> str:
    """The command as a person would type it."""
    words = [word.decode("utf-8", "replace") for word in asked.argv]
    return words[0] if asked.shell else shlex.join(words)


def _why_not(asked: Run, error: OSError) -> tuple[int, str]:
    if isinstance(error, NotADirectoryError) and asked.cwd:
        return NOT_EXECUTABLE, "There is no such folder on the customer's computer to run it in."
    if isinstance(error, FileNotFoundError):
        return NOT_FOUND, "There is no such program on the customer's computer."
    return NOT_EXECUTABLE, "That is not a program, or the customer may not run it."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
