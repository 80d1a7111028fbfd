"""Shells at the customer's end: they belong to the session, and a channel looks into one of them.

The customer is told when one opens, when it ends, and where what it shows is written down; as long as one is there the
notice of commands being run stays, whether somebody looks in or not. Withdrawn, or with the session, all of them end.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

from rs_agent.courtesy import Courtesy
from rs_agent.feature import Context
from rs_agent.language import _
from rs_agent.programs import surroundings
from rs_agent.programs.base import Size
from rs_agent.programs.program import start
from rs_agent.programs.shell import Shell
from rs_agent.programs.transcript import Transcript
from rs_relay.channels.shell import (
    KEY,
    PIECE,
    SPEC,
    UNSEEN,
    Attached,
    Begin,
    Down,
    End,
    Ended,
    Keys,
    Leave,
    List,
    Output,
    Resize,
    Screen,
    Seen,
    Shells,
    Taken,
    Typed,
    Up,
)
from rs_relay.errors import LocalProblem, NoSuchSession, PeerBroke, RsError, TooLarge
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.spec import Permission
from rs_relay.text import printable

AT_ONCE = 8  # shells of a session
CELLS = 1000  # of a terminal, each way
TERM = 64  # characters of a terminal's name


class ShellFeature:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._shells: dict[int, Shell] = {}
        self._owners: dict[int, int] = {}  # each shell is the technician's who opened it
        self._last = 0

    @property
    def busy(self) -> bool:
        return bool(self._shells)

    async def run(self, channel: Channel[Down, Up]) -> None:
        match await channel.receive():
            case List():
                await channel.send(Shells(tuple(shell.about() for shell in self._mine())))
            case Begin() as begin:
                size = _checked(begin)
                shell = self._wanted(begin) or await self._open(begin, size)
                await _Look(channel, shell, begin, size, self._context.courtesy).run()
            case _:
                raise PeerBroke("The other end spoke to a shell before it named one.")

    async def withdrawn(self) -> None:
        """The customer took the permission back, from one technician or from all."""
        granted, owner = self._context.granted_to, self._owners
        over = [s for s in self._shells.values() if not granted(owner[s.number], Permission.SHELL)]
        await asyncio.gather(*(shell.end() for shell in over), return_exceptions=True)
        for shell in over:
            self._gone(shell)

    def close(self) -> None:
        for shell in list(self._shells.values()):
            shell.close()
        self._shells.clear()

    def _wanted(self, begin: Begin) -> Shell | None:
        """The shell that is gone on with; None: a new one is. Raises NoSuchSession."""
        if begin.new:
            return None
        if begin.number:
            shell = next((shell for shell in self._mine() if shell.number == begin.number), None)
            if shell is None:
                raise NoSuchSession(f"There is no shell {begin.number} (any more).", "`rs shell SESSION --list`")
            return shell
        return next((shell for shell in reversed(self._mine()) if shell.viewer is None), None)

    def _mine(self) -> list[Shell]:
        """The shells of the technician who speaks."""
        return [shell for shell in self._shells.values() if self._owners[shell.number] == self._context.speaker()]

    async def _open(self, begin: Begin, size: Size) -> Shell:
        if len(self._shells) >= AT_ONCE:
            raise TooLarge(f"{AT_ONCE} shells are open there already.", "`rs shell SESSION --list` shows them.")
        home = self._context.home
        program = surroundings.login_shell()
        env = surroundings.environment(os.environ, {"SHELL": program}, home, begin.term)
        argv = [program, "-l"] if os.name == "posix" else [program]
        try:
            started = await start(argv, executable=program, cwd=str(home), env=env, size=size)
        except OSError as e:
            raise LocalProblem("No shell can be started on the customer's computer.") from e
        self._last += 1
        transcript = self._transcript(self._last)
        shell = Shell(self._last, started, transcript, self._gone)
        self._shells[shell.number], self._owners[shell.number] = shell, self._context.speaker()
        name = printable(self._context.technician, 60)
        if transcript is None:
            self._context.face.notice(_("{name} has opened a shell.").format(name=name))
        else:
            told = _("{name} has opened a shell. What it shows is written to {file}.")
            self._context.face.notice(told.format(name=name, file=printable(_short(transcript, self._context), 200)))
        self._context.note("shell opened", str(transcript.path) if transcript else "")
        self._context.changed()
        return shell

    def _transcript(self, number: int) -> Transcript | None:
        if self._context.records is None:
            return None
        with suppress(OSError):
            return Transcript(self._context.records, f"{time.strftime('%Y-%m-%d-%H%M%S')}-{os.getpid()}-{number}")
        return None

    def _gone(self, shell: Shell) -> None:
        """It has ended by itself: whoever looks in hears how, the rest is put away."""
        if self._shells.pop(shell.number, None) is None:
            return
        self._context.face.notice(_("The shell has ended."))
        self._context.note("shell ended", str(shell.number))
        shell.close()
        self._context.changed()


class _Look:
    """One channel that looks into one shell."""

    def __init__(self, channel: Channel[Down, Up], shell: Shell, begin: Begin, size: Size, courtesy: Courtesy) -> None:
        self._channel, self._shell, self._begin, self._size = channel, shell, begin, size
        self._courtesy = courtesy
        self._lost = True

    async def run(self) -> None:
        shell, channel = self._shell, self._channel
        new = shell.scrollback.end == 0 and not shell.key
        again = shell.attach(self, self._begin.key, self._begin.seen)
        missed = b"" if again or new else shell.scrollback.first_look()  # up to where output goes on, and no further
        hearing: asyncio.Task[None] | None = None
        tasks: set[asyncio.Task[None]] = set()
        try:
            await channel.send(Attached(shell.number, shell.pace.said_to, shell.heard, new))
            if missed:
                await channel.send(Screen(missed))
            shell.resize(self._size, repaint=not new)
            hearing = asyncio.create_task(self._hear(), name="shell-hear")
            speaking = asyncio.create_task(self._speak(), name="shell-speak")
            telling = asyncio.create_task(self._tell_typed(), name="shell-typed")
            tasks = {hearing, speaking, telling}
            await asyncio.wait({hearing, speaking}, return_when=asyncio.FIRST_COMPLETED)
            (hearing if hearing.done() else speaking).result()
        finally:
            shell.detach(self, lost=self._lost)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        shell = self._shell
        while True:
            match await self._channel.receive():
                case Keys(at=at, data=data):
                    self._courtesy.awaited()
                    if shell.viewer is self:
                        shell.type(at, data)
                case Seen(total=total):
                    if shell.viewer is self:
                        shell.seen(total)
                case Resize(columns=columns, lines=lines):
                    self._size = _size(columns, lines)
                    shell.resize(self._size)
                case Leave():
                    self._lost = False
                    return
                case End():
                    self._lost = False
                    await shell.end()
                    await asyncio.Event().wait()  # `_speak` says what is left, and how it ended
                case _:
                    raise PeerBroke("The other end named two shells at once.")

    async def _speak(self) -> None:
        shell = self._shell
        while (data := await shell.next_output(self, PIECE)) is not None:
            await self._say(Output(data))
        if shell.viewer is not self:
            await self._say(Taken())
            return
        self._lost = False
        status = await shell.program.over
        await self._say(Ended(status if status >= 0 else 128 - status, "" if status >= 0 else str(-status)))

    async def _tell_typed(self) -> None:
        told = self._shell.typed
        while True:
            changed = self._shell.changed
            if self._shell.viewer is self and self._shell.typed != told:
                told = self._shell.typed
                await self._say(Typed(told), replaces="typed")
            await changed.wait()

    async def _say(self, message: Down, replaces: str = "") -> None:
        try:
            await self._channel.send(message, replaces=replaces)
        except (ChannelClosed, RsError):
            await asyncio.Event().wait()  # `_hear` learns it, too, and ends the look


def _checked(begin: Begin) -> Size:
    if not 0 < len(begin.key) <= KEY or begin.seen < UNSEEN:
        raise PeerBroke("The other end looked into a shell without a proper key.")
    if len(begin.term) > TERM or not begin.term.translate({ord(c): "x" for c in "-.+_"}).isalnum():
        raise PeerBroke("The other end has a terminal with an odd name.")
    return _size(begin.columns, begin.lines)


def _size(columns: int, lines: int) -> Size:
    if not (0 < columns <= CELLS and 0 < lines <= CELLS):
        raise PeerBroke("The other end has a terminal of an odd size.")
    return Size(columns, lines)


def _short(transcript: Transcript, context: Context) -> str:
    with suppress(ValueError):
        return "~/" + str(transcript.path.relative_to(context.home))
    return str(transcript.path)
