"""Stop means stop: whatever hangs, the process is gone within a second of the customer's word.

`pull` may be called from any thread and by Ctrl-C; `leave`, by what a restart of the computer does, too. It asks the
program to end by itself, and starts a watchdog: when the grace is over, the watchdog lets go of the keys and ends the
process without asking anybody. The signals are heard by a thread of their own (Python's wake-up descriptor), so that a
call that blocks the main thread does not block Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

GRACE = 0.9  # seconds; one second is what the customer is promised
LET_GO = 0.08  # seconds of them for letting go of the keys at the very end
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ending:
    """Made once, on the main thread. `exit` is what ends the process (os._exit)."""

    def __init__(self, grace: float = GRACE, exit: Callable[[int], object] = os._exit) -> None:
        self.status = 0  # what the watchdog exits with
        self.let_go: Callable[[], None] = lambda: None  # lets go of every key, from any thread
        # leaves no trace of a restart that was prepared, from any thread
        self.forget: Callable[[], None] = lambda: None
        self.goes_down: Callable[[], bool] = lambda: False  # whether this computer is about to restart at our word
        self._grace, self._exit = grace, exit
        self._pulled = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: asyncio.Event | None = None

    @property
    def pulled(self) -> bool:
        return self._pulled.is_set()

    async def wait(self) -> None:
        """Until somebody pulled. Call it once, in the loop that is to be told."""
        heard = asyncio.Event()
        with self._lock:
            self._loop, self._heard = asyncio.get_running_loop(), heard
        if not self._pulled.is_set():
            await heard.wait()

    def pull(self) -> None:
        with self._lock:
            if self._pulled.is_set():
                return
            self._pulled.set()
            loop, heard = self._loop, self._heard
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        if loop is not None and heard is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just closed: the program is at its end anyway
                loop.call_soon_threadsafe(heard.set)

    def leave(self) -> None:
        """The terminal, the desktop or the system lets go of us: the customer's stop, unless the computer goes down for
        the restart that was asked for. Then the process is gone at once, and the session is to go on afterwards."""
        if not self.goes_down():
            self.pull()
            return
        self._exit_after(self.let_go)

    def over(self) -> None:
        """The program has ended by itself, in time."""
        self._over.set()

    def hear_signals(self) -> None:
        """Ctrl-C, a closed terminal and `kill` pull, from now on. On the main thread."""
        near, far = socket.socketpair()
        far.setblocking(False)
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._hear, args=(near, far), name="signals", daemon=True).start()

    def _hear(self, near: socket.socket, far: socket.socket) -> None:
        with far, near:  # both stay open for as long as the process lives
            while data := near.recv(64):
                for number in data:
                    if number in SIGNALS:
                        self._heard_signal(number)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._heard_signal(number)  # where the descriptor is not heard (Windows' own event loop takes it)

    def _heard_signal(self, number: int) -> None:
        (self.pull if number == signal.SIGINT else self.leave)()

    def _watch(self) -> None:
        if self._over.wait(self._grace - LET_GO):
            return
        # No log line here: the logging module's lock may be what hangs.
        self._exit_after(self.let_go, self.forget)

    def _exit_after(self, *acts: Callable[[], None]) -> None:
        last = [threading.Thread(target=_last_act, args=(act,), name="let-go", daemon=True) for act in acts]
        for thread in last:
            thread.start()
        for thread in last:
            thread.join(LET_GO)
        self._exit(self.status)


def _last_act(act: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):  # nothing may stand between the customer and the end
        act()
