"""What happens in sessions, as one stream of events: the connection, what the customer allows, what is said, what was
moved, the end.

One task a session keeps it open and listens; another looks at what all `rs` programs of this computer move. All put
their events into one queue, in the order they came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from rs_cli.command_line.answers import (
    WatchChat,
    WatchConnection,
    WatchEnded,
    WatchEvent,
    WatchJoined,
    WatchLeft,
    WatchPermissions,
    WatchTransfer,
)
from rs_cli.features.chat import Chat
from rs_cli.features.consent import Consent
from rs_cli.session import status as st
from rs_cli.session.events import Event, Moved
from rs_cli.session.technician import open_session
from rs_cli.state.book import Book
from rs_cli.transfers.board import Board
from rs_cli.transfers.endings import Endings
from rs_cli.transfers.record import Record
from rs_relay.channels.chat import Line
from rs_relay.channels.consent import State
from rs_relay.errors import LocalProblem, RsError, SessionEnded
from rs_relay.link.spec import Permission

LOOK = 2.0  # seconds between two looks for sessions that have been joined meanwhile
LOOK_MOVED = 0.5  # seconds between two looks at what the programs of this computer move
SETTLE = 2.0  # seconds that they have to write how a session's end ended what they moved
OpenSession = Callable[..., Any]


class Watch:
    """Of one session, or with None of all that are open, and those that are joined while it watches."""

    def __init__(self, number: int | None, timeout: float | None, open_: OpenSession = open_session) -> None:
        self._number, self._timeout, self._open = number, timeout, open_
        self._events: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        self._told: dict[int, dict[str, str]] = {}
        self._present: dict[int, dict[int, str]] = {}
        self._watched: set[int] = set()  # sessions of which the end has not been told
        self._endings: Endings | None = None
        self.ends: dict[int, RsError] = {}  # how each session that is over ended, for this program

    async def events(self) -> AsyncIterator[WatchEvent]:
        """Until every session is over. Raises NoSuchSession when there is none to begin with."""
        watching = asyncio.create_task(self._watch_all() if self._number is None else self._watch(self._number))
        watching.add_done_callback(lambda task: self._events.put_nowait(None))
        try:
            self._endings = Endings(Board())
        except LocalProblem:
            self._endings = None  # a session can be followed without
        looking = asyncio.create_task(self._look_again())
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await watching
        finally:
            for task in (watching, looking):
                task.cancel()
            await asyncio.gather(watching, looking, return_exceptions=True)

    async def _watch_all(self) -> None:
        book = Book()
        book.pick(None) if not book.open_entries() else None
        running: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                for entry in Book().open_entries():
                    if entry.number not in running:
                        running[entry.number] = asyncio.create_task(self._watch(entry.number))
                if all(task.done() for task in running.values()):
                    await asyncio.gather(*running.values())
                    return
                await asyncio.wait(running.values(), timeout=LOOK)
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    async def _watch(self, number: int) -> None:
        """One session until it is over; that is told, not raised."""
        self._watched.add(number)
        try:
            await self._listen(number)
        except RsError as error:
            await self._settled(number)
            self._watched.discard(number)
            self.ends[number] = error
            over = isinstance(error, SessionEnded)
            self._put(WatchEnded(time.time(), number, error.code, error.hint if over and error.hint else error.message))

    async def _listen(self, number: int) -> None:
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def heard(event: Event) -> None:
            if isinstance(event, Moved):
                self._moved(number, event.status)
                if isinstance(event.status, st.Ended | st.Stopped) and not over.done():
                    over.set_result(None)

        async with self._open(number, timeout=self._timeout, heard=heard) as session:
            session.be_patient(None)  # a watcher goes on as long as the session does
            chat = Chat(lambda line: self._said(number, line))
            consent = Consent(lambda state: self._allowed(number, state))
            uses = [asyncio.create_task(_use(session, feature)) for feature in (consent, chat)]
            try:
                await over
                await session.reached()  # raises what ended it
            finally:
                for use in uses:
                    use.cancel()
                await asyncio.gather(*uses, return_exceptions=True)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_MOVED)
            self._look()

    async def _settled(self, number: int) -> None:
        """The end is told last: what moved files in the session hears of it at the same time as we do."""
        patience = asyncio.get_running_loop().time() + SETTLE
        self._look()
        while self._endings and self._endings.moves(number) and asyncio.get_running_loop().time() < patience:
            await asyncio.sleep(LOOK_MOVED / 5)
            self._look()

    def _look(self) -> None:
        with suppress(LocalProblem):
            for record in self._endings.look() if self._endings else ():
                if record.session in self._watched:
                    self._put(_transfer(record))

    def _moved(self, number: int, status: st.Status) -> None:
        match status:
            case st.Connecting():
                self._put(WatchConnection(time.time(), number, "connecting"))
            case st.Open():
                self._put(WatchConnection(time.time(), number, "open"))
            case st.Lost(why, retry_in):
                self._put(WatchConnection(time.time(), number, "lost", why, round(retry_in, 1)))
            case _:
                pass  # the end is told once, by `_watch`

    def _allowed(self, number: int, state: State) -> None:
        """Each new state of affairs once: the agent repeats itself on every new link."""
        self._here(number, {one.number: one.name for one in state.present if not one.you})
        grants = {str(p): str(state.grants[p]) for p in Permission if p in state.grants}
        if self._told.get(number) != grants:
            self._told[number] = grants
            self._put(WatchPermissions(time.time(), number, grants))

    def _here(self, number: int, present: dict[int, str]) -> None:
        """Who came and who went since the last state."""
        before = self._present.get(number, {})
        for who in present.keys() - before.keys():
            self._put(WatchJoined(time.time(), number, who, present[who]))
        for who in before.keys() - present.keys():
            self._put(WatchLeft(time.time(), number, who, before[who]))
        self._present[number] = present

    def _said(self, number: int, line: Line) -> None:
        self._put(WatchChat(line.at, number, line.number, str(line.who), line.name, line.text))

    def _put(self, event: WatchEvent) -> None:
        self._events.put_nowait(event)


def _transfer(record: Record) -> WatchTransfer:
    wrong = record.error or next(iter(record.failures), None)
    return WatchTransfer(
        record.ended or time.time(),
        record.session,
        record.id,
        "send" if record.order.sending else "get",
        record.label,
        str(record.state),
        record.done,
        record.files,
        record.skipped,
        record.failed,
        wrong.message if wrong else "",
    )


async def _use(session: Any, feature: Any) -> None:
    with suppress(RsError):  # the session's own end is heard elsewhere
        await session.use(feature)
