"""A face that loses its window with the display, and gets it back with it; meanwhile another face stands in.

    window ──its display is gone──▶ stand-in ──a display is there──▶ window

The law: what the customer cannot see is not allowed. While nobody can read the stand-in, every question is a no and
every grant is taken back at once; a device that nobody attends is the exception, whose owner set beforehand what holds
unseen. A window that ends while its display is there was ended by somebody, and the session ends with it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from rs_agent.consent import Question
from rs_agent.feature import Countdown, Moving, PictureWindow
from rs_agent.language import _
from rs_agent.ui import place
from rs_agent.ui.base import Actions, Face, InForce, Summary
from rs_agent.ui.place import Server
from rs_relay.channels.draw import Tool
from rs_relay.link.codes import Code
from rs_relay.link.spec import Permission

AGAIN = 1.5  # seconds between two looks whether there is a display again
DYING = 0.5  # seconds in which a display that lost its window may still answer


@dataclass
class _Shown:
    """What stands in the face now, for one that takes over."""

    now: InForce = field(default_factory=InForce)
    code: tuple[str, float] | None = None  # spoken, and until when it holds
    key: str = ""
    question: tuple[Question, str] | None = None
    restart: tuple[Countdown, float] | None = None  # and when it is time
    access_code: tuple[str, str] | None = None
    moves: dict[int, Moving] = field(default_factory=dict)


class _Hears:
    """What the customer does in the window; its end is ours to judge."""

    def __init__(self, actions: Actions, left: Callable[[], None]) -> None:
        self._actions, self.leave = actions, left

    def stop(self) -> None:
        self._actions.stop()

    def answer(self, number: int, yes: bool) -> None:
        self._actions.answer(number, yes)

    def heed(self, number: int) -> None:
        self._actions.heed(number)

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        self._actions.withdraw(permissions, who)

    def allow(self, permission: Permission, who: str = "") -> None:
        self._actions.allow(permission, who)

    def remove(self, who: str) -> None:
        self._actions.remove(who)

    def pause(self, on: bool) -> None:
        self._actions.pause(on)

    def say(self, text: str) -> None:
        self._actions.say(text)

    def draw(self, tool: Tool) -> None:
        self._actions.draw(tool)

    def erase(self) -> None:
        self._actions.erase()

    def forbid_drawing(self, on: bool) -> None:
        self._actions.forbid_drawing(on)

    def stop_restart(self) -> None:
        self._actions.stop_restart()


class Shifting:
    """A Face. `window`: the one that is open, if any; `opens`: another one, None where there can be none now (it may
    take seconds, and is called off the event loop). `stands_in`: what shows meanwhile; `read`: somebody can read that.
    `unseen`: what holds may hold unseen. `waits`: a window is opened for a session only, not before it."""

    def __init__(
        self,
        window: Face | None,
        opens: Callable[[], Face | None],
        stands_in: Face,
        *,
        read: bool,
        unseen: bool = False,
        waits: bool = False,
        look: Callable[[], Server | None] = place.look,
        clock: Callable[[], float] = time.monotonic,
        again: float = AGAIN,
    ) -> None:
        self._window, self._opens, self._stands_in = window, opens, stands_in
        self._read, self._unseen, self._waits = read, unseen, waits
        self._look, self._clock, self._again = look, clock, again
        self._server = look() if window is not None else None
        self._shown = _Shown()
        self._actions: Actions | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = threading.Event()
        self._fell = self._took = False  # whether a window was lost, and something taken back because of that

    # what the agent shows

    def open(self, actions: Actions) -> None:
        self._actions, self._loop = actions, asyncio.get_running_loop()
        if self._window is not None:
            self._window.open(_Hears(actions, partial(self._left, self._window)))
        else:
            self._stands_in.open(actions)
            if not self._waits:
                self._seek()

    @property
    def _face(self) -> Face:
        return self._window or self._stands_in

    def code(self, spoken: str, minutes: int) -> None:
        self._shown.code = (spoken, self._clock() + minutes * 60)
        self._face.code(spoken, minutes)

    def in_force(self, now: InForce) -> None:
        began, ended = now.session and not self._shown.now.session, self._shown.now.session and not now.session
        self._shown.now = now
        self._face.in_force(now)
        if began and self._waits and self._window is None:
            self._seek()
        if ended and self._opening is not None and self._waits:
            self._opening.cancel()
        self._take_back()

    def ask(self, question: Question, folder: str) -> None:
        self._shown.question = (question, folder)
        self._face.ask(question, folder)
        self._take_back()

    def asked(self, question: Question) -> None:
        if self._shown.question is not None and self._shown.question[0].number == question.number:
            self._shown.question = None
        self._face.asked(question)
        if self._window is not None:  # it may have been asked while there was none
            self._stands_in.asked(question)

    def notice(self, text: str, typed: str = "") -> None:
        self._face.notice(text, typed)

    def counting(self, restart: Countdown) -> None:
        self._shown.restart = (restart, self._clock() + restart.seconds)
        self._face.counting(restart)

    def counted(self) -> None:
        self._shown.restart = None
        self._face.counted()

    def access_code(self, code: str, who: str) -> None:
        self._shown.access_code = (code, who)
        self._face.access_code(code, who)

    def moving(self, move: Moving) -> None:
        self._shown.moves[move.number] = move
        self._face.moving(move)

    def moved(self, number: int) -> None:
        self._shown.moves.pop(number, None)
        self._face.moved(number)

    def chat(self, name: str, text: str) -> None:
        self._face.chat(name, text)

    async def picture(self, who: str) -> PictureWindow:
        return await self._face.picture(who)

    def ask_code(self) -> Code:
        return self._face.ask_code()

    def hot_key(self, name: str) -> None:
        self._shown.key = name
        self._face.hot_key(name)

    def problem(self, message: str, hint: str) -> None:
        self._face.problem(message, hint)

    def summary(self, summary: Summary) -> None:
        self._face.summary(summary)
        if self._waits and self._window is not None:
            self._put_away(self._window)

    def failed(self, message: str, hint: str) -> None:
        self._face.failed(message, hint)

    def close(self) -> None:
        self._closed.set()
        if self._window is not None:
            self._window.close()
        self._stands_in.close()

    # a window goes

    def _left(self, window: Face) -> None:
        """In the window's thread: it has ended."""
        if self._closed.is_set() or window is not self._window:
            return
        end = self._clock() + DYING
        while self._look() == self._server:
            if self._clock() >= end:
                if self._actions is not None:
                    self._actions.leave()
                return
            self._closed.wait(0.05)
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just closed: nobody is there to be shown anything
                self._loop.call_soon_threadsafe(self._fall, window)

    def _fall(self, window: Face) -> None:
        if window is not self._window or self._actions is None or self._closed.is_set():
            return
        self._window, self._fell = None, True
        window.close()
        self._stands_in.open(self._actions)
        self._tell(self._stands_in)
        self._take_back()
        self._seek()

    def _take_back(self) -> None:
        """What nobody can see is not allowed; said to the session when it has done what it is doing."""
        if self._window is not None or self._read or self._unseen or not self._fell:
            return
        asyncio.get_running_loop().call_soon(self._deny)

    def _deny(self) -> None:
        if self._actions is None or self._window is not None:
            return
        if self._shown.now.granted:
            self._took = True
            self._actions.withdraw(list(Permission))
        if self._shown.question is not None:
            self._actions.answer(self._shown.question[0].number, False)

    # a window comes

    def _seek(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._rise(), name="window")

    async def _rise(self) -> None:
        """Looks for a display until there is one; a device looks once, at the session's begin."""
        while not self._closed.is_set():
            if not self._waits:
                await asyncio.sleep(self._again)
            server = await asyncio.to_thread(self._look)
            window = await asyncio.to_thread(self._opens) if server is not None else None
            if window is not None:
                self._begin(window, server)
                return
            if self._waits:
                return

    def _begin(self, window: Face, server: Server | None) -> None:
        if self._actions is None or self._closed.is_set():
            window.close()
            return
        self._window, self._server = window, server
        window.open(_Hears(self._actions, partial(self._left, window)))
        self._tell(window)
        if self._fell:
            text = _("The display of this computer is back, and so is this window.")
            if self._took:
                text = _(
                    "The display of this computer is back, and so is this window. What you had allowed was taken back "
                    "meanwhile."
                )
            window.notice(text)
        self._fell = self._took = False

    def _put_away(self, window: Face) -> None:
        """The session of a device is over: what it did can be read for as long as somebody wants to."""
        self._window = None
        window.close()

    def _tell(self, face: Face) -> None:
        """All that stands now, to a face that knows nothing of it."""
        shown, now = self._shown, self._clock()
        if shown.code is not None and shown.code[1] > now and not shown.now.session:
            face.code(shown.code[0], max(1, round((shown.code[1] - now) / 60)))
        if shown.key:
            face.hot_key(shown.key)
        face.in_force(shown.now)
        if shown.restart is not None:
            restart, at = shown.restart
            left = Countdown(restart.who, max(0.0, at - now), restart.safe_mode, restart.reason)
            face.counting(left)
        if shown.access_code is not None:
            face.access_code(*shown.access_code)
        for move in shown.moves.values():
            face.moving(move)
        if shown.question is not None:
            face.ask(*shown.question)
