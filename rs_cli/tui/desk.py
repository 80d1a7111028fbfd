"""The sessions that this dashboard has open, and what is known of each: no widget here, and no Textual.

A `Case` is one session with its features. It lives from the moment its workspace is first opened until the dashboard
is left or the session ends; screens come and go and find everything as they left it. Panels subscribe to a case and
draw it again when it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from rs_cli.features.chat import Chat
from rs_cli.features.clipboard import Clipboard, LocalClipboard, Moved
from rs_cli.features.clips import Clips, beside_text
from rs_cli.features.consent import Consent
from rs_cli.features.files import Files, Transfer
from rs_cli.features.folders import Folders
from rs_cli.session.connector import Connector
from rs_cli.session.events import Event, Opening
from rs_cli.session.status import Ended, Open, Status, Stopped
from rs_cli.session.technician import Technician
from rs_cli.state.book import Book, Entry
from rs_cli.transfers.publisher import published
from rs_cli.transfers.setting import at_once
from rs_relay.channels.chat import Line, Who
from rs_relay.channels.clips import Format, Offered
from rs_relay.channels.consent import State
from rs_relay.errors import RsError

if TYPE_CHECKING:
    from rs_cli.features.preview import Preview
    from rs_cli.features.share import Share

Connect = Callable[[str], Connector]  # a relay's address -> how to reach agents through it


class Case:
    def __init__(self, entry: Entry, connector: Connector, book: Book, local: LocalClipboard | None) -> None:
        self.session = Technician(entry, connector, book)
        self.chat = Chat(self._said)
        self.consent = Consent(self._granted)
        self.clipboard = Clipboard(local, self._copied)
        self.files = Files(self._transferred, at_once=at_once())
        self.folders = Folders()
        self.clips = Clips(self._announced)
        self.moved: Moved | None = None  # the last text that went across by itself
        self.offered: Offered | None = None  # what the customer copied last, while the clipboard is shared
        self.waiting_for: str = ""  # the channel that waits for the customer's yes
        self.share: Share | None = None  # while the customer is asked for it, or sees it
        self.preview: Preview | None = None  # while the customer is asked for it, or it is seen
        self._sharing: asyncio.Task[None] | None = None
        self._showing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._publishing: asyncio.Task[None] | None = None
        self.unread = 0
        self.opened = time()
        self.trouble: Callable[[RsError], None] = lambda error: None  # where errors of background work go
        self._watchers: list[Callable[[], object]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def entry(self) -> Entry:
        return self.session.entry

    @property
    def status(self) -> Status:
        return self.session.status

    @property
    def state(self) -> State | None:
        return self.consent.state

    @property
    def is_over(self) -> bool:
        return isinstance(self.status, Ended | Stopped)

    @property
    def is_open(self) -> bool:
        return isinstance(self.status, Open)

    async def start(self) -> None:
        self.session.listen(self._heard)
        await self.session.start()
        self.do(self.session.use(self.consent))
        self.do(self.session.use(self.chat))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.clipboard.close()
        await self.session.stop()

    def watch(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Call `changed` whenever anything of this case is different; returns how to stop that."""
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    def do(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Carry out `work` in the background; an RsError of it goes to `trouble`."""
        task = asyncio.create_task(self._carry_out(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def say(self, text: str) -> None:
        self.do(self.session.during(self.chat, self.chat.say(text)))

    def send(self, path: str, at: str = "") -> None:
        """Send a file or directory of this computer, `at`: into that folder of the customer's. Raises UsageError for
        one that is not there."""
        self._transfer(self.files.start_send([path], at=at))

    def fetch(self, path: str) -> None:
        """Fetch a file or directory of the customer's into the current directory."""
        self._transfer(self.files.start_get(path))

    def retry(self, transfer: Transfer) -> None:
        """Once more what failed or was cancelled. Raises UsageError for anything else."""
        self._transfer(self.files.retry(transfer))

    def keep_alike(self, on: bool) -> None:
        """Switch the shared clipboard. Switching on opens its channel, which may ask the customer."""
        before = self._sharing
        if before is not None:
            before.cancel()
        if on:
            self._sharing = self.do(self._keep_alike(before))

    def take_clipboard(self, told: Callable[[str], None]) -> None:
        """Fetch what is on the customer's clipboard into the current directory; `told` hears where it is."""
        self.do(self._take_clipboard(told))

    def show_mine(self, on: bool) -> None:
        """Show this computer's screen to the customer, who is asked first, or stop that at once."""
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None
        if on:
            self._showing = self.do(self._show_mine())

    def look_on(self, on: bool) -> None:
        """Switch the preview of the customer's screen. Switching on opens its channel, which may ask the customer."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if on:
            self._looking = self.do(self._look_on())

    def read(self) -> None:
        """All lines so far have been seen."""
        if self.unread:
            self.unread = 0
            self.changed()

    def changed(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    def _transfer(self, transfer: Transfer) -> None:
        if self._publishing is None:
            self._publishing = self.do(self._publish())
        self.do(self._carry(transfer))

    async def _publish(self) -> None:
        """Other terminals see the transfers and may act on them, from the first one on."""
        async with published(self.files, self.entry.number, self.entry.customer):
            await asyncio.Event().wait()

    async def _carry(self, transfer: Transfer) -> None:
        """Open the channel, which may ask the customer. How the transfer ends is shown by its own line."""
        try:
            await self.session.use(self.files)
        except RsError:
            await self.files.cancel(transfer)
            raise

    async def _keep_alike(self, before: asyncio.Task[None] | None) -> None:
        """Until it is switched off, or the customer takes it back."""
        if before is not None:
            await asyncio.wait([before])  # else it would close what is opened here
        try:
            await self.session.during(self.clipboard, self._alike())
        finally:
            await self.clipboard.watch(False)
            self.offered = None
            for feature in (self.clipboard, self.clips):
                await self.session.drop(feature)
            self.changed()

    async def _alike(self) -> None:
        await self.clipboard.watch(True)
        self.changed()
        with contextlib.suppress(RsError):  # an agent whose clipboard carries text alone
            await self.session.use(self.clips)
            await self.clips.watch(True)
        await asyncio.Event().wait()

    async def _take_clipboard(self, told: Callable[[str], None]) -> None:
        from rs_cli.viewing.exchange import Exchange, theirs  # Pillow: only for who fetches

        try:
            offered = await self.session.during(self.clips, self.clips.look())
            if (item := beside_text(offered)) is not None and item.format is Format.FILES:
                for path in await self.session.during(self.clips, self.clips.paths(offered)):
                    self.fetch(path)  # its own line tells how it goes
                return
            exchange = Exchange(self.session, self.clips, None, Path.cwd())
            told(await exchange.fetch(theirs(offered)))
        finally:
            if not self.clipboard.watching:
                await self.session.drop(self.clips)

    async def _show_mine(self) -> None:
        """Until the customer closes the window. It never outlives the dashboard, which says that it is shown."""
        from rs_cli.features.share import Share, check_screen  # numpy: only for who shows their screen

        await asyncio.to_thread(check_screen)
        self.share = Share(seen=lambda on: self.changed())
        self.changed()
        try:
            await self.session.during(self.share, self.share.over())
        finally:
            share, self.share = self.share, None
            await self.session.drop(share)
            self.changed()

    async def _look_on(self) -> None:
        from rs_cli.features.preview import Preview  # numpy: only for who looks

        preview = self.preview = Preview(self.changed)
        self.changed()
        try:
            await self.session.during(preview, asyncio.Event().wait())
        finally:
            self.preview = None
            await self.session.drop(preview)
            self.changed()

    async def _carry_out(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except RsError as error:
            error.hint = error.hint.replace("SESSION", str(self.entry.number))
            if not self.is_over:  # how the session ended is told once, by its status
                self.trouble(error)
        self.changed()

    def _heard(self, event: Event) -> None:
        self.waiting_for = event.feature if isinstance(event, Opening) else ""
        self.changed()

    def _granted(self, state: State) -> None:
        self.changed()

    def _said(self, line: Line) -> None:
        if line.who is not Who.TECHNICIAN:
            self.unread += 1
        self.changed()

    def _transferred(self, transfer: Transfer) -> None:
        self.changed()

    def _copied(self, moved: Moved) -> None:
        self.moved = moved
        self.changed()

    def _announced(self, offered: Offered) -> None:
        self.offered = offered
        self.changed()


class Desk:
    """All cases of one dashboard, by number."""

    def __init__(self, book: Book, connect: Connect, local: LocalClipboard | None = None) -> None:
        self.book = book
        self.connect = connect
        self.cases: dict[int, Case] = {}
        self._local = local

    async def open(self, number: int) -> Case:
        """The case of that session, started if it was not. Raises NoSuchSession, SessionEnded."""
        case = self.cases.get(number)
        if case is None or case.is_over:
            entry = self.book.pick(number)
            case = self.cases[number] = Case(entry, self.connect(entry.relay), self.book, self._local)
            await case.start()
        return case

    async def close(self) -> None:
        await asyncio.gather(*(case.stop() for case in self.cases.values()))
        self.cases.clear()

    def beside(self, number: int, step: int) -> int:
        """The open case before or after that one, round and round."""
        numbers = sorted(n for n, case in self.cases.items() if not case.is_over)
        if number not in numbers:
            return number
        return numbers[(numbers.index(number) + step) % len(numbers)]
