"""Folders at the customer's end: what a technician looks at and changes there. The work itself is `folders.filing`.

Each task runs on a thread of this feature, step by step; its messages are sent between the steps, so a technician who
does not read stops it by that. A run that is cancelled (the grant was withdrawn, the link has gone) waits until its
threads have let go: when the customer reads that it is withdrawn, nothing is touched any more.

The customer is told of each change, and their journal has it. What comes faster than a person reads is told together.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from pathlib import PurePath

from rs_agent.bucket import Bucket
from rs_agent.feature import Context
from rs_agent.folders.filing import Asked, Change, Filing, Step, Work
from rs_agent.folders.places import Places
from rs_agent.language import _
from rs_relay.channels.folders import PATH_BYTES, SPEC, TASKS, Down, Ended, Find, Move, Stop, Up
from rs_relay.errors import LocalProblem, PeerBroke, RsError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.text import printable

log = logging.getLogger(__name__)

THREADS = 4
BURST, PER_SECOND = 100, 50.0  # tasks at once, then a second
TOGETHER = 2.0  # seconds: changes that follow the last one sooner are told together
LOOKS_AGAIN = 600.0  # seconds for which the customer knows that their folders are looked through
SHOWN = 60  # cells of a name in a notice
LINE = 480  # characters of names in one line of the journal
NOTES = {"removed": "file removed", "moved": "file moved", "made": "folder made"}


class Folders:
    spec = SPEC

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._places = Places.of(context)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="folders")
        self._teller = Teller(context)
        self._told_of_looking = -LOOKS_AGAIN

    async def run(self, channel: Channel[Down, Up]) -> None:
        running: dict[int, tuple[threading.Event, asyncio.Task[None]]] = {}
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        self._tell_of_looking()
        try:
            async for message in channel:
                if isinstance(message, Stop):
                    if message.task in running:
                        running[message.task][0].set()
                    continue
                _check(message)
                if message.task in running or len(running) >= TASKS:
                    raise PeerBroke("The other end asked for too much at once in the folders.")
                await asyncio.sleep(pace.take())
                stop = threading.Event()
                task = asyncio.create_task(self._do(channel, message, stop), name="folders")
                running[message.task] = stop, task
                task.add_done_callback(partial(_forget, running, message.task))
        finally:
            over = list(running.values())
            for stop, task in over:
                stop.set()
                task.cancel()
            await asyncio.gather(*(task for _stop, task in over), return_exceptions=True)
            self._teller.flush()

    def close(self) -> None:
        self._teller.flush()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _do(self, channel: Channel[Down, Up], asked: Asked, stop: threading.Event) -> None:
        filing = Filing(self._places, self._context.home, stop)
        try:
            ended = await self._drive(channel, filing.work(asked), stop)
            await channel.send(ended)
        except RsError as e:
            await self._failed(channel, filing, asked, e)
        except ChannelClosed:
            pass  # run's own loop hears it too, and ends
        except Exception:
            log.exception("a task in the folders broke")
            await self._failed(channel, filing, asked, LocalProblem("That went wrong at the customer's computer."))
        finally:
            if filing.change is not None and filing.change.count:
                self._teller.tell(filing.change)

    async def _failed(self, channel: Channel[Down, Up], filing: Filing, asked: Asked, e: RsError) -> None:
        count = filing.change.count if filing.change else 0
        with suppress(ChannelClosed, RsError):  # the run ends by the same reason
            await channel.send(Ended(asked.task, e.code, e.message, e.hint, count=count))

    async def _drive(self, channel: Channel[Down, Up], work: Work, stop: threading.Event) -> Ended:
        steps = _Steps(work)
        loop = asyncio.get_running_loop()
        try:
            while True:
                step = loop.run_in_executor(self._threads, copy_context().run, steps.next)
                try:
                    said, ended = await asyncio.shield(step)
                except asyncio.CancelledError:
                    stop.set()
                    await asyncio.wait([step])
                    raise
                if ended is not None:
                    return ended
                if said is not None:
                    await channel.send(said)
                await self._context.courtesy.rest()
        finally:
            stop.set()
            with suppress(RuntimeError):  # the threads have been shut down: with the session
                await asyncio.shield(loop.run_in_executor(self._threads, steps.close))

    def _tell_of_looking(self) -> None:
        now = self._clock()
        if now - self._told_of_looking >= LOOKS_AGAIN:
            name = printable(self._context.technician, SHOWN)
            self._context.face.notice(_("{name} is looking through your folders.").format(name=name))
        self._told_of_looking = now


class _Steps:
    """A generator that threads take turns at."""

    def __init__(self, work: Work) -> None:
        self._work, self._lock = work, threading.Lock()

    def next(self) -> tuple[Step, Ended | None]:
        with self._lock:
            try:
                return next(self._work), None
            except StopIteration as e:
                return None, e.value

    def close(self) -> None:
        with self._lock:
            self._work.close()


class Teller:
    """Tells the customer what was changed. On the event loop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[Change] = []
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, change: Change) -> None:
        """At once; within a moment after the last one, together with what else comes."""
        if self._timer is None:
            self._say(change)
            self._note([change])
            self._timer = asyncio.get_running_loop().call_later(TOGETHER, self._next)
        else:
            self._waiting.append(change)

    def flush(self) -> None:
        """What is still to be told, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if len(waiting) == 1:
            self._say(waiting[0])
        elif waiting:
            count = sum(change.count for change in waiting)
            text = _("{name} has changed {count} more files and folders.")
            self._context.face.notice(text.format(name=self._name(), count=count))
        self._note(waiting)

    def _next(self) -> None:
        self._timer = None
        if self._waiting:
            self.flush()
            self._timer = asyncio.get_running_loop().call_later(TOGETHER, self._next)

    def _say(self, change: Change) -> None:
        what, where = PurePath(change.what), PurePath(change.where)
        match change.kind:
            case "removed" if change.count > 1:
                text = _("{name} has removed {what} ({count} files and folders).")
            case "removed":
                text = _("{name} has removed {what}.")
            case "moved" if what.parent == where.parent:
                text = _("{name} has renamed {what}: it is {where} now.")
            case "moved":
                text = _("{name} has moved {what} to {folder}.")
            case _:
                text = _("{name} has made the folder {what}.")
        shown = {"what": what.name, "where": where.name, "folder": self._short(where.parent)}
        filtered = {key: printable(value, SHOWN) for key, value in shown.items()}
        self._context.face.notice(text.format(name=self._name(), count=change.count, **filtered))

    def _note(self, changes: list[Change]) -> None:
        """Each stands in the journal, several in a line where they came together."""
        for kind, note in NOTES.items():
            line = ""
            for change in changes:
                if change.kind != kind:
                    continue
                told = self._told(change)
                if line and len(line) + len(told) > LINE:
                    self._context.note(note, line)
                    line = ""
                line = f"{line}, {told}" if line else told
            if line:
                self._context.note(note, line)

    def _told(self, change: Change) -> str:
        what = self._short(PurePath(change.what))
        if change.where:
            return f"{what} -> {self._short(PurePath(change.where))}"
        return f"{what} ({change.count})" if change.count > 1 else what

    def _name(self) -> str:
        return printable(self._context.technician, SHOWN)

    def _short(self, path: PurePath) -> str:
        """As a person calls it."""
        try:
            return str("~" / path.relative_to(self._context.home))
        except ValueError:
            return str(path)


def _check(asked: Asked) -> None:
    paths = [asked.path, asked.to] if isinstance(asked, Move) else [asked.path]
    if any(len(path) > PATH_BYTES for path in paths):
        raise PeerBroke("The other end named a path that is too long.")
    if isinstance(asked, Find) and (len(asked.name) > PATH_BYTES or asked.name.count("*") > 16):
        raise PeerBroke("The other end looked for a name that is too long.")


def _forget(running: dict[int, tuple[threading.Event, asyncio.Task[None]]], number: int, _: asyncio.Task[None]) -> None:
    running.pop(number, None)
