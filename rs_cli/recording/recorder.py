"""A recording under way, seen from the process that holds the session: messages of the screen channel in, a file out.

    take ─▶ pipe ─▶ (a process of its own) Desk: Scribe ─▶ Sink ─▶ disk

What comes is a stranger's, so it is decoded where there is no key and no socket. `take` returns when the pipe has taken
the message, so who has a link of its own for this is slowed by a slow recorder; who must not be uses an `Inlet`.

The law: what came while `allowed` was False is never written. Each change of it goes through the pipe before whatever
comes after it.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import TracebackType

from rs_cli.recording import pipe
from rs_relay.channels.screen.messages import Down
from rs_relay.errors import LocalProblem, RsError, from_wire
from rs_relay.glass import child
from rs_relay.glass.child import Child

log = logging.getLogger(__name__)
FINISH = 40.0  # seconds: a slow disk has that long at the end
_BROKE = LocalProblem("The program that writes the recording ended unexpectedly.", "What it had written can be played.")


class Recorder:
    """Entering creates the file: raises UsageError if it is there and is not to be replaced, LocalProblem."""

    def __init__(self, path: Path, title: str, *, replace: bool = False) -> None:
        self.path = path
        self._begin = pipe.Begin(str(path), title, replace)
        self._state = pipe.State()
        self._allowed = self._told = False
        self._turn = asyncio.Lock()
        self._telling: set[asyncio.Task[None]] = set()
        self._child: Child[pipe.ToRecorder, pipe.FromRecorder] | None = None
        self._listening: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # fails when the recording does

    @property
    def seconds(self) -> float:
        """Since the first picture."""
        return self._state.seconds

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._state.size

    @property
    def segments(self) -> int:
        return self._state.segments

    @property
    def allowed(self) -> bool:
        return self._allowed

    @allowed.setter
    def allowed(self, on: bool) -> None:
        self._allowed = on
        telling = asyncio.create_task(self._send(), name="recording")
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def take(self, message: Down) -> None:
        """Raises what went wrong with the recording."""
        if self.ended.done():
            self.ended.result()
        await self._send(message)

    async def __aenter__(self) -> Recorder:
        process = await child.spawn("rs_cli.recording", heard=log.isEnabledFor(logging.DEBUG))
        made: Child[pipe.ToRecorder, pipe.FromRecorder] = Child(process, pipe.from_recorder, pipe.FROM_RECORDER)
        await made.send(self._begin)
        match await made.first():
            case pipe.State() as state:
                self._state, self._child = state, made
            case pipe.Failed(code, message, hint):
                await made.close()
                raise from_wire(code, message, hint)
            case _:
                await made.kill()
                raise _BROKE
        self._listening = asyncio.create_task(self._listen(made), name="recording")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """The file is whole on the disk after this. Raises what went wrong with it."""
        if self._child is None or self._listening is None:
            return
        await asyncio.gather(*self._telling)
        await self._child.send(pipe.Finish())
        await asyncio.wait([self._listening], timeout=FINISH)
        self._listening.cancel()
        await self._child.close()
        if self.ended.done():
            self.ended.result()

    async def _send(self, message: Down | None = None) -> None:
        async with self._turn:
            if self._child is None:
                return
            if self._told != self._allowed:
                self._told = self._allowed
                await self._child.send(pipe.Allow(self._told))
            if message is not None:
                await self._child.send(message)

    async def _listen(self, to: Child[pipe.ToRecorder, pipe.FromRecorder]) -> None:
        """Until the last word."""
        failed: RsError
        try:
            while True:
                match await to.receive():
                    case pipe.State() as state:
                        self._state = state
                        if state.finished:
                            return
                    case pipe.Failed(code, message, hint):
                        failed = from_wire(code, message, hint)
                        break
                    case None:
                        failed = _BROKE
                        break
        except RsError as broke:
            failed = broke
        self.ended.set_exception(failed)
        self.ended.exception()  # `take` and the end tell it, too: nobody need look here
