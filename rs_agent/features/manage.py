"""Programs ended and services switched at a technician's word, with the agent's own rights and no others.

Law: a program is meant by its number and its start together, so one that took the number since is never touched; the
agent itself and what runs all others are never ended this way. The customer reads each change, and the journal keeps
it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

import psutil

from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.system.base import Machine, machine
from rs_relay.channels.manage import (
    ASKED,
    MAX_NAME,
    PIDS,
    SIGNALS,
    SPEC,
    Action,
    Done,
    Down,
    Failed,
    Find,
    Found,
    Kill,
    Program,
    Switch,
    Up,
)
from rs_relay.errors import LocalProblem, NoSuchSession, PeerBroke, RsError, UsageError
from rs_relay.link.channel import Channel
from rs_relay.text import printable

SAME = 0.02  # seconds between two readings of one start: a clock tick and its rounding
GOES, LOOK = 1.0, 0.02  # seconds that a program has to go, and between two looks
FIRST = 1  # some signals have it restart the computer, which is another permission
REBOOT = "`rs reboot SESSION` restarts the computer."
ENDS = frozenset({"TERM", "KILL", "INT", "HUP", "QUIT"})

SWITCHED = {
    Action.START: N_("{name} has started the service {what}."),
    Action.STOP: N_("{name} has stopped the service {what}."),
    Action.RESTART: N_("{name} has restarted the service {what}."),
    Action.RELOAD: N_("{name} has made the service {what} read its settings."),
    Action.ENABLE: N_("{name} lets the service {what} start with the computer."),
    Action.DISABLE: N_("{name} keeps the service {what} from starting with the computer."),
}


class Manage:
    spec = SPEC

    def __init__(self, context: Context, of: Machine | None = None) -> None:
        self._context = context
        self._machine = of or machine()

    async def run(self, channel: Channel[Down, Up]) -> None:
        tasks: set[asyncio.Task[None]] = set()
        try:
            async for asked in channel:
                if len(tasks) >= ASKED:
                    raise PeerBroke("The other end asked too many things at once.")
                _check(asked)
                task = asyncio.create_task(self._guarded(channel, asked), name="manage")
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, channel: Channel[Down, Up], asked: Up) -> None:
        try:
            await channel.send(await self._answer(asked))
        except RsError as error:
            await channel.send(Failed(asked.id, error.code, error.message, error.hint))

    async def _answer(self, asked: Up) -> Down:
        match asked:
            case Find(id=id, pids=pids, name=name):
                return Found(id, await asyncio.to_thread(find, pids, name))
            case Kill():
                name, count, alive = await asyncio.to_thread(kill, asked)
                self._tell_kill(asked, name)
                return Done(asked.id, count, alive)
            case Switch():
                state = await self._machine.services().switch(asked.name, asked.action, asked.user)
                self._tell(SWITCHED[asked.action], asked.name)
                self._context.note("service", f"{asked.action} {printable(asked.name, 100)}")
                return Done(asked.id, state=state)

    def _tell_kill(self, asked: Kill, name: str) -> None:
        text = N_("{name} has ended the program {what}.")
        if asked.signal not in ENDS:
            text = N_("{name} has sent a signal to the program {what}.")
        self._tell(text, f"{name} ({asked.pid})")
        self._context.note("signal", f"{asked.signal} {asked.pid} {printable(name, 60)}" + (" tree" * asked.tree))

    def _tell(self, text: str, what: str) -> None:
        name = printable(self._context.technician, 60)
        self._context.face.notice(_(text).format(name=name, what=printable(what, 80)))


def find(pids: tuple[int, ...], name: str) -> tuple[Program, ...]:
    """Those of these numbers, and those of that name. Blocking."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error), process.oneshot():
            if process.pid in pids or (name and process.name() == name):
                user = ""
                with suppress(psutil.Error, KeyError):
                    user = process.username()
                found.append(Program(process.pid, process.create_time(), process.name(), user))
    return tuple(found[:500])


def kill(asked: Kill) -> tuple[str, int, int]:
    """(name, programs that heard the signal, those of them that are still there). Blocking, GOES at most.

    Raises NoSuchSession, LocalProblem, UsageError."""
    number = getattr(signal, f"SIG{asked.signal}", None)
    if number is None:
        raise UsageError(f"The customer's system has no signal {asked.signal}.")
    try:
        process = psutil.Process(asked.pid)
        name = process.name()
        if abs(process.create_time() - asked.started) > SAME:
            raise psutil.NoSuchProcess(asked.pid)
        chosen = [*(process.children(recursive=True) if asked.tree else ()), process]
        if any(each.pid == os.getpid() for each in chosen):
            raise UsageError("That is the customer's rs-agent itself.", "`rs sessions end` ends the session.")
        if os.name == "posix" and any(each.pid == FIRST for each in chosen):
            raise UsageError("That is the first program of the system, which runs all others.", REBOOT)
        heard = 0
        for each in chosen:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)  # psutil looks at the start once more
                heard += 1
        return name, heard, _left(chosen) if asked.signal in ENDS else 0
    except psutil.NoSuchProcess:
        raise NoSuchSession(f"The program {asked.pid} is not there any more.", "`rs ps SESSION` lists them.") from None
    except psutil.AccessDenied:
        hint = f"With a password of that computer: `rs exec SESSION --tty -- sudo kill {asked.pid}`"
        raise LocalProblem(f"The agent has not the rights to signal the program {asked.pid}.", hint) from None
    except OSError as error:
        raise LocalProblem(f"The program {asked.pid} cannot be signalled: {os.strerror(error.errno or 0)}.") from None


def _left(chosen: list[psutil.Process]) -> int:
    """How many still do something after GOES. Looked at and not waited for: a program that rs itself has started is
    for somebody else to wait for."""
    end = time.monotonic() + GOES
    while alive := [process for process in chosen if _lives(process)]:
        if time.monotonic() > end:
            return len(alive)
        time.sleep(LOOK)
    return 0


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _check(asked: Up) -> None:
    match asked:
        case Find(pids=pids, name=name):
            wrong = len(pids) > PIDS or len(name) > MAX_NAME
        case Kill(pid=pid, signal=name):
            wrong = pid <= 0 or name not in SIGNALS
        case Switch(name=name):
            wrong = not 0 < len(name) <= MAX_NAME
    if wrong:
        raise PeerBroke("The other end asked for what there cannot be.")
