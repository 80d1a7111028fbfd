"""The CLIPBOARD selection of an X display, in a thread of its own.

On X a clipboard is a conversation: whoever "set" it must answer every program that pastes, at any time. So a thread
holds one connection, answers, asks, and hears (XFIXES) when the owner changes; nothing polls. Callers hand it a job and
wait. An owner that does not answer costs them PATIENCE and no more.

Not xclip or a clipboard crate: neither bounds what it reads before it is all in memory, nor tells of changes.

Our own `set` or `put` makes one of our own windows the owner, and a change to such an owner is not told: no echo, also
between two clipboards of this process.

An X server that ends takes the conversation with it. The next call looks for another in its place, and so does a thread
as long as somebody watches, once a second.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from Xlib import X, Xatom
from Xlib import error as xerror
from Xlib.ext import xfixes

from rs_relay.capture.x11.connection import connect, need
from rs_relay.clipboard.contents import CLIPBOARD_LIMIT, LIMITS, ClipboardTooLarge, Contents, Format, Raw
from rs_relay.clipboard.selection import Offer, Reading, reading, reading_format, targets
from rs_relay.errors import LocalProblem

PATIENCE = 2.0  # seconds without a sign of the owner (or of a reader): it hangs
ALTOGETHER = 15.0  # seconds for a whole reading: an owner that drips is a hanging one too
AGAIN = 1.0  # seconds between two looks for a display that is gone
_GONE = "The desktop session of this computer has ended."

_OURS: set[tuple[str, int]] = set()  # (display, window) of each loop of this process; changed by single calls only

Job = tuple[Callable[["_Loop", "Future[Any]"], None], "Future[Any]"]


class X11Clipboard:
    """Any thread may call it; readings wait for each other."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        self._one_reading = threading.Lock()
        self._renewing = threading.Lock()
        self._closed = threading.Event()
        self._watched: list[_Watcher] = []
        self._loop = _Loop(name, self._went)

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        with self._one_reading:
            return str(self._ask(lambda loop, future: loop.read_text(limit, future), ALTOGETHER + PATIENCE))

    def formats(self) -> frozenset[Format]:
        with self._one_reading:
            found: frozenset[Format] = self._ask(lambda loop, future: loop.look(future), ALTOGETHER + PATIENCE)
            return found

    def read(self, wanted: Format, limit: int) -> Raw | None:
        if wanted is Format.TEXT:
            text = self.get(limit)
            return Raw("text/plain", text.encode("utf-8", "replace")) if text else None
        with self._one_reading:
            found: Raw | None = self._ask(
                lambda loop, future: loop.read_format(wanted, limit, future), ALTOGETHER + PATIENCE
            )
            return found

    def put(self, contents: Contents) -> None:
        for kind, data in contents.items():
            if len(data) > LIMITS[kind]:
                raise ClipboardTooLarge(len(data))
        self._ask(lambda loop, future: loop.own(dict(contents), future), PATIENCE)

    def set(self, text: str) -> None:
        size = len(text.encode("utf-8", "replace"))
        if size > CLIPBOARD_LIMIT:
            raise ClipboardTooLarge(size)
        owned = {Format.TEXT: text.encode("utf-8", "replace")}
        self._ask(lambda loop, future: loop.own(owned, future), PATIENCE)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        watcher = _Watcher(changed)
        self._ask(lambda loop, future: loop.watch(watcher, future), PATIENCE)
        self._watched.append(watcher)

        def stop() -> None:
            watcher.stop()
            with contextlib.suppress(ValueError):
                self._watched.remove(watcher)
            if not self._closed.is_set() and not self._loop.over:  # else nobody is told any more
                with contextlib.suppress(LocalProblem):
                    self._loop.ask(lambda loop, future: loop.unwatch(watcher, future), PATIENCE)

        return stop

    def close(self) -> None:
        """A text we set is handed to the desktop's clipboard manager, if it has one; else it goes with us."""
        self._closed.set()
        with self._renewing:
            self._loop.close()
        for watcher in self._watched:
            watcher.stop()

    def _ask(self, job: Callable[[_Loop, Future[Any]], None], patience: float) -> Any:
        return self._living().ask(job, patience)

    def _living(self) -> _Loop:
        """The conversation with the display that is there now. Raises LocalProblem."""
        with self._renewing:
            if self._loop.over and not self._closed.is_set():
                self._loop = _Loop(self._name, self._went)
                for watcher in list(self._watched):
                    self._loop.ask(lambda loop, future, it=watcher: loop.watch(it, future), PATIENCE)  # type: ignore[misc]
            return self._loop

    def _went(self) -> None:
        """The display has ended: whoever watches goes on with the next."""
        threading.Thread(target=self._find_again, name="rs-clipboard-again", daemon=True).start()

    def _find_again(self) -> None:
        while self._watched and not self._closed.wait(AGAIN):
            with contextlib.suppress(LocalProblem):
                self._living()
                for watcher in list(self._watched):
                    watcher.tell()  # what lies there now is news
                return


class _Watcher:
    """Tells in a thread of its own, so that what is told may ask the clipboard."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._news = threading.Event()
        self._stopped = False
        threading.Thread(target=self._run, name="rs-clipboard-watch", daemon=True).start()

    def tell(self) -> None:
        self._news.set()

    def stop(self) -> None:
        self._stopped = True
        self._news.set()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            if self._stopped:
                return
            self._changed()


class _Loop:
    """Everything below `ask` and `close` runs in the thread, and so needs no lock."""

    def __init__(self, name: str | None, went: Callable[[], None]) -> None:
        """`went`: called in the thread when the display has ended unasked."""
        self._went = went
        self._display = connect(name)
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._wake_read, self._wake_write = socket.socketpair()
        self._closing = threading.Event()
        self._over = threading.Event()
        self._clipboard = self._display.get_atom("CLIPBOARD")
        self._window = self._new_window()
        self._mark = (str(self._display.get_display_name()), int(self._window.id))
        _OURS.add(self._mark)
        self._offer: Offer | None = None
        self._reading: tuple[Reading, Any, Future[Any], Any] | None = None  # (with what it found if it must end early)
        self._reading_since = self._heard_at = 0.0
        self._watchers: list[_Watcher] = []
        self._thread = threading.Thread(target=self._run, name="rs-clipboard", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def ask(self, job: Callable[[_Loop, Future[Any]], None], patience: float) -> Any:
        """Has `job` done in the thread and waits for its future."""
        future: Future[Any] = Future()
        self._jobs.put((job, future))
        self._wake()
        if self._over.is_set():
            self._refuse_jobs()
        try:
            return future.result(patience + PATIENCE)
        except TimeoutError as e:
            raise LocalProblem("The clipboard of this computer does not answer.", "Try again.") from e

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # it is closed once the thread is over
            self._wake_write.send(b"x")

    def close(self) -> None:
        self._closing.set()
        self._wake()
        self._thread.join(2 * PATIENCE)

    # The thread.

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
            self._hand_over()
        except (xerror.ConnectionClosedError, OSError):
            pass  # the display went: whoever waits is told by `_end`
        finally:
            self._end()

    def _end(self) -> None:
        self._over.set()
        _OURS.discard(self._mark)
        if not self._closing.is_set():
            self._went()
        if self._reading is not None:
            self._reading[2].set_exception(LocalProblem(_GONE))
        self._refuse_jobs()
        with contextlib.suppress(xerror.ConnectionClosedError, OSError):
            self._display.close()
        self._wake_read.close()
        self._wake_write.close()

    def _refuse_jobs(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._jobs.get_nowait()[1].set_exception(LocalProblem(_GONE))

    def _turn(self) -> None:
        """One round: what has come, what is asked, what took too long; then wait for more."""
        while self._display.pending_events():
            self._hear(self._display.next_event())
        with contextlib.suppress(Empty):
            while True:
                job, future = self._jobs.get_nowait()
                job(self, future)
        self._keep_time(time.monotonic())
        if not self._display.pending_events():  # a reply that was waited for may have brought events along
            waits = self._reading is not None or (self._offer is not None and self._offer.busy)
            self._wait(0.25 if waits else None)

    def _wait(self, seconds: float | None) -> None:
        """Waits for the server or for a job. (poll, since select fails for descriptors above 1023.)"""
        poll = select.poll()
        poll.register(self._display, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        ready = poll.poll(None if seconds is None else seconds * 1000)
        if any(fd == self._wake_read.fileno() for fd, _ in ready):
            self._wake_read.recv(4096)

    def _hear(self, event: Any) -> None:
        now = time.monotonic()
        if isinstance(event, xfixes.SelectionNotify) and event.selection == self._clipboard:
            self._owner_changed(event)
        elif event.type == X.SelectionClear and event.window == self._window:
            self._offer = None
        elif event.type == X.SelectionRequest:
            self._answer(event, now)
        elif self._for_reading(event):
            self._advance(event, now)
        elif event.type == X.PropertyNotify and event.state == X.PropertyDelete and self._offer is not None:
            self._offer.deleted(event.window, event.atom, now)
        elif event.type == X.DestroyNotify and self._offer is not None:
            self._offer.gone(event.window)

    def _for_reading(self, event: Any) -> bool:
        if self._reading is None:
            return False
        window = event.requestor if event.type == X.SelectionNotify else getattr(event, "window", None)
        return bool(window == self._reading[1])

    def _owner_changed(self, event: Any) -> None:
        owner = getattr(event.owner, "id", event.owner)
        if owner != X.NONE and (self._mark[0], owner) not in _OURS:
            for watcher in self._watchers:
                watcher.tell()

    def _answer(self, event: Any, now: float) -> None:
        if self._offer is not None and event.selection == self._clipboard:
            self._offer.answer(event, now)

    def _keep_time(self, now: float) -> None:
        if self._offer is not None:
            self._offer.expire(now - 5 * PATIENCE)
        if self._reading is not None and (
            now - self._heard_at > PATIENCE or now - self._reading_since > ALTOGETHER
        ):  # nothing is what a clipboard that cannot be read holds, for our purposes
            self._finish(self._reading[3])

    # Reading.

    def read_text(self, limit: int, future: Future[Any]) -> None:
        if self._offer is not None:
            text = self._offer.contents.get(Format.TEXT, b"")
            _give(text.decode("utf-8", "replace"), len(text), limit, future)
            return
        self._begin(lambda window: reading(self._display, window, self._clipboard, limit), "", future)

    def read_format(self, wanted: Format, limit: int, future: Future[Any]) -> None:
        if self._offer is not None:
            data = self._offer.contents.get(wanted)
            _give(None if data is None else Raw(wanted, data), len(data or b""), limit, future)
            return
        self._begin(lambda window: reading_format(self._display, window, self._clipboard, wanted, limit), None, future)

    def look(self, future: Future[Any]) -> None:
        if self._offer is not None:
            future.set_result(frozenset(self._offer.contents))
            return
        self._begin(lambda window: targets(self._display, window, self._clipboard), frozenset(), future)

    def _begin(self, read: Callable[[Any], Reading], nothing: Any, future: Future[Any]) -> None:
        if self._display.get_selection_owner(self._clipboard) == X.NONE:
            future.set_result(nothing)
            return
        window = self._new_window()
        self._reading = (read(window), window, future, nothing)
        self._reading_since = time.monotonic()
        self._advance(None, self._reading_since)

    def _advance(self, event: Any, now: float) -> None:
        """Gives the reading its next event, or starts it."""
        assert self._reading is not None  # (callers have looked)
        self._heard_at = now
        try:
            self._reading[0].send(event)
        except StopIteration as done:
            self._finish(done.value)
        except ClipboardTooLarge as error:
            self._finish(error)

    def _finish(self, result: Any) -> None:
        """Ends the reading. The window goes too, which is how an owner in the middle of its pieces learns of it."""
        assert self._reading is not None  # (callers have looked)
        _, window, future, _ = self._reading
        self._reading = None
        window.destroy()
        self._display.flush()
        future.set_exception(result) if isinstance(result, ClipboardTooLarge) else future.set_result(result)

    def _new_window(self) -> Any:
        root = self._display.screen().root
        return root.create_window(-1, -1, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask)

    # Owning.

    def own(self, contents: Contents, future: Future[Any]) -> None:
        since = self._server_time()
        self._window.set_selection_owner(self._clipboard, since)
        if self._display.get_selection_owner(self._clipboard) != self._window:
            future.set_exception(LocalProblem("Another program would not let go of the clipboard.", "Try again."))
            return
        self._offer = Offer(self._display, contents, since)
        future.set_result(None)

    def _server_time(self) -> int:
        """The server's clock, by which owners of a selection succeed each other: an empty write is answered with it."""
        mark = self._display.get_atom("RS_TIME")
        self._window.change_property(mark, Xatom.STRING, 8, b"", X.PropModeAppend)
        while True:
            event = self._display.next_event()
            if event.type == X.PropertyNotify and event.window == self._window and event.atom == mark:
                return int(event.time)
            self._hear(event)

    def _hand_over(self) -> None:
        """Asks the clipboard manager to keep our text (freedesktop.org, "Clipboard Manager") and serves it."""
        manager = self._display.get_atom("CLIPBOARD_MANAGER")
        if self._offer is None or self._display.get_selection_owner(manager) == X.NONE:
            return
        mark = self._display.get_atom("RS_SAVED")
        self._window.convert_selection(manager, self._display.get_atom("SAVE_TARGETS"), mark, self._offer.since)
        self._display.flush()
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0 and self._offer is not None:
            if not self._display.pending_events():
                self._wait(min(left, 0.25))
            while self._display.pending_events():
                event = self._display.next_event()
                if event.type == X.SelectionNotify and event.selection == manager:
                    return
                self._hear(event)

    # Watching.

    def watch(self, watcher: _Watcher, future: Future[Any]) -> None:
        try:
            need(self._display, "XFIXES", "to hear of copied text")
        except LocalProblem as e:
            watcher.stop()
            future.set_exception(e)
            return
        if not self._watchers:
            self._display.xfixes_query_version()
            mask = xfixes.XFixesSetSelectionOwnerNotifyMask
            self._display.xfixes_select_selection_input(self._window, self._clipboard, mask)
            self._display.sync()
        self._watchers.append(watcher)
        future.set_result(None)

    def unwatch(self, watcher: _Watcher, future: Future[Any]) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
        if not self._watchers:
            self._display.xfixes_select_selection_input(self._window, self._clipboard, 0)
            self._display.flush()
        future.set_result(None)


def _give(found: Any, size: int, limit: int, future: Future[Any]) -> None:
    """What we offer ourselves needs no conversation."""
    future.set_exception(ClipboardTooLarge(size)) if size > limit else future.set_result(found)
