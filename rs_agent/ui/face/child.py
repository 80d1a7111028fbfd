"""The agent's end of the pipe: a Face whose window is a process of its own.

What goes to the window waits in a queue for a thread of its own: a window that hangs never holds up the session. What
comes from it is read by another, which acts upon `stop` itself; all else is handed to the event loop. A window that
goes away without the customer's word takes the session with it: nobody is helped who cannot see what is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from rs_agent.consent import ANSWER_WITHIN, Question
from rs_agent.feature import Countdown, Moving, PictureWindow
from rs_agent.language import _
from rs_agent.ui import words
from rs_agent.ui.base import Actions, InForce, Summary
from rs_agent.ui.face import pipe
from rs_relay.errors import RsError, SessionEnded, WrongCode
from rs_relay.glass import framing, program
from rs_relay.glass.child import display_missing, environment
from rs_relay.link.codes import Code, parse
from rs_relay.text import printable

BACKLOG = 2000  # messages that wait for a window that does not read; later ones are dropped
FLUSH = 0.3  # seconds that `close` gives it to take what is still to be shown
START = 15.0  # seconds; it takes 0.3 on an idle computer
READ_FIRST = 1.5  # seconds before a yes counts; SECURITY-DESIGN 4.1


def start() -> subprocess.Popen[bytes] | None:
    """The window's process, which opens while the agent loads all else; None where there can be none."""
    if display_missing():
        return None
    try:
        # -P: a file called tkinter.py in the current folder is not ours.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "rs_agent.ui.face"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment(os.environ),
        )  # fmt: skip
    except OSError:
        return None


def opened(relay: str, folder: Path, *, joins: bool = False) -> Window | None:
    """A window that is on the screen; None where there can be none. May take START."""
    process = start()
    window = None if process is None else Window(process, relay, folder, joins=joins)
    return window if window is not None and window.opened() else None


class Window:
    """A Face. `relay`: its name, for show; `folder`: where received files go; `joins`: the code is the technician's."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        relay: str,
        folder: Path,
        *,
        read_first: float = READ_FIRST,
        reveal: Callable[[Path], None] | None = None,
        joins: bool = False,
    ) -> None:
        self._process, self._folder, self._read_first = process, folder, read_first
        self._reveal = reveal or show_folder
        self._actions: Actions | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known = threading.Event()  # whether there is a window is known
        self._ready = self._closed = False
        self._moves: dict[int, Moving] = {}
        self._typed: queue.Queue[str | None] = queue.Queue()  # codes; None when the customer or the window stops
        self._queue: queue.Queue[Any] = queue.Queue(BACKLOG)
        self._threads = [
            threading.Thread(target=self._write, name="window-out", daemon=True),
            threading.Thread(target=self._read, name="window-in", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._say(pipe.Told(relay, joins))

    def opened(self, seconds: float = START) -> bool:
        """Whether it is on the screen; waits until that is known. If not, it is gone."""
        self._known.wait(seconds)
        if not self._ready:
            self._closed = True
            self._process.kill()
        return self._ready

    # what the agent shows

    def ask_code(self) -> Code:
        problem = ""
        while True:
            self._say(pipe.WantCode(problem))
            typed = self._typed.get()
            if typed is None:
                raise SessionEnded("You ended it.")
            try:
                return parse(typed)
            except WrongCode as e:
                problem = f"{_(e.message)} {_(e.hint)}"

    def open(self, actions: Actions) -> None:
        self._loop, self._actions = asyncio.get_running_loop(), actions
        if self._process.poll() is not None:
            actions.leave()

    def code(self, spoken: str, minutes: int) -> None:
        self._say(pipe.Code(spoken, minutes * 60.0))

    def in_force(self, now: InForce) -> None:
        each = tuple(pipe.Standing(o.number, o.name, o.connected, o.granted, o.used) for o in now.each)
        self._say(pipe.Holds(now.connected, now.granted, now.paused, now.session, now.used, now.seen, each))

    def ask(self, question: Question, folder: str) -> None:
        time = asyncio.get_running_loop().time()
        left = min(ANSWER_WITHIN, max(0.0, question.until - time))
        live = max(self._read_first, question.live - time)
        asks, means = words.question(question, printable(folder))
        self._say(pipe.Ask(question.number, asks, means, question.who, left, live, question.warn))

    def asked(self, question: Question) -> None:
        self._say(pipe.Asked(question.number))

    def notice(self, text: str, typed: str = "") -> None:
        self._say(pipe.Notice(text))  # the window has buttons for what can be typed

    def counting(self, restart: Countdown) -> None:
        self._say(pipe.Counting(words.countdown(restart), words.restart_reason(restart), restart.seconds))

    def counted(self) -> None:
        self._say(pipe.Counted())

    def access_code(self, code: str, who: str) -> None:
        self._say(pipe.AccessCode(code, who))

    def moving(self, move: Moving) -> None:
        self._moves[move.number] = move
        self._say(pipe.Moving(move.number, move.text, move.part))

    def moved(self, number: int) -> None:
        if self._moves.pop(number, None) is not None:
            self._say(pipe.Moved(number))

    def chat(self, name: str, text: str) -> None:
        self._say(pipe.Chat(name, text))

    async def picture(self, who: str) -> PictureWindow:
        from rs_agent.ui.picture.child import open_window  # numpy: only where somebody looks at a picture

        return await open_window(who)

    def problem(self, message: str, hint: str) -> None:
        self._say(pipe.Problem(message, hint))

    def hot_key(self, name: str) -> None:
        self._say(pipe.HotKey(name))

    def summary(self, summary: Summary) -> None:
        self._say(pipe.Done(summary.who, summary.seconds, summary.granted, summary.files, summary.reason))

    def failed(self, message: str, hint: str) -> None:
        self._say(pipe.Failed(message, hint))

    def close(self) -> None:
        """The window stays for as long as the customer reads the summary; what ran here for it has ended."""
        self._closed = True
        self._say(None)
        self._threads[0].join(FLUSH)

    # threads

    def _say(self, message: Any) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(message)

    def _write(self) -> None:
        pipe_in = self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # it has gone; the reading side notices
            while pipe_in is not None and (message := self._queue.get()) is not None:
                pipe_in.write(framing.pack(message))
                pipe_in.flush()
        with contextlib.suppress(OSError):
            if pipe_in is not None:
                pipe_in.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            program.read(cast(BinaryIO, self._process.stdout), pipe.from_window, pipe.FROM_WINDOW, self._arrived)

    def _arrived(self, said: pipe.FromWindow | RsError | None) -> None:
        """In the reading thread, so that stop is heard while the event loop hangs."""
        match said:
            case pipe.Ready():
                self._ready = True
                self._known.set()
            case pipe.Stop():
                self._typed.put(None)
                if self._actions is not None:
                    self._actions.stop()
            case pipe.Typed(code):
                self._typed.put(code)
            case pipe.Cannot() | RsError() | None:  # the window has ended
                self._known.set()
                self._typed.put(None)
                if self._actions is not None and not self._closed:
                    self._actions.leave()
            case _ if self._loop is not None and self._actions is not None:
                with contextlib.suppress(RuntimeError):  # the loop has just closed: nobody is there to hear it
                    self._loop.call_soon_threadsafe(partial(self._do, said, self._actions))

    # on the event loop

    def _do(self, said: pipe.FromWindow, actions: Actions) -> None:
        match said:
            case pipe.Answer(number, yes):
                actions.answer(number, yes)
            case pipe.Heed(number):
                actions.heed(number)
            case pipe.Withdraw(permissions):
                actions.withdraw(permissions)
            case pipe.Remove(number):
                actions.remove(str(number))
            case pipe.Pause(on):
                actions.pause(on)
            case pipe.Say(text):
                actions.say(text)
            case pipe.Draw(tool):
                actions.draw(tool)
            case pipe.Erase():
                actions.erase()
            case pipe.Forbid(on):
                actions.forbid_drawing(on)
            case pipe.StopRestart():
                actions.stop_restart()
            case pipe.Cancel(number):
                if (move := self._moves.get(number)) is not None:
                    move.cancel()
            case pipe.OpenFolder():
                self._reveal(self._folder)


def show_folder(folder: Path) -> None:
    """In the file manager of this system. Nothing happens where there is none."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if sys.platform == "win32":
            os.startfile(folder)
            return
        program_ = "open" if sys.platform == "darwin" else "xdg-open"
        silent = subprocess.DEVNULL
        subprocess.Popen([program_, str(folder)], stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
