"""A window on a session with neither: an agent made of memory that shows one picture, a viewer that paints at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rs_cli.session.technician import open_session
from rs_cli.state.book import Book
from rs_cli.viewer import pipe
from rs_cli.viewing.view import View, Wish
from rs_relay.channels.consent import Grant
from rs_relay.channels.draw import Standing, Where
from rs_relay.channels.screen.messages import Frame, Layout, Painted, Start
from rs_relay.errors import NotAllowed, RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.technician import FakeAgent, FakeConnector, FakeLink, entry


class ScreenAgent(FakeAgent):
    """Shows one picture of one black tile on each screen channel, and keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.screens: list[MemoryChannel] = []
        self.controls: list[MemoryChannel] = []
        self.boards: list[MemoryChannel] = []
        self.where = Where.DESKTOP
        self.more = asyncio.Condition()

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        kept = {"screen": self.screens, "control": self.controls, "draw": self.boards}
        if name not in kept:
            await super().serve(name, channel, link)
            return
        async with self.more:
            kept[name].append(channel)
            self.more.notify_all()
        if name == "draw":
            await channel.send(Standing(self.where))
        try:
            async for said in channel:
                await self._hear(said, channel)
        except (ChannelClosed, RsError):
            return

    async def _hear(self, said: Any, channel: MemoryChannel) -> None:
        async with self.more:
            self.heard.append(said)
            self.more.notify_all()
        if isinstance(said, Start):
            await channel.send(Layout(1, 0, 0, 32, 32))
            await channel.send(Frame(1, 1))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self.more:
            await self.more.wait_for(holds)

    async def withdraw(self, permission: Permission) -> None:
        self.grants[permission] = Grant.WITHDRAWN
        for channel in [*self.screens, *self.boards] if permission is Permission.VIEW else self.controls:
            await channel.close(NotAllowed("The customer has withdrawn it."))
        await self.tell()

    async def grant(self, permission: Permission) -> None:
        self.grants[permission] = Grant.GRANTED
        await self.tell()


class FakeViewer:
    """Paints each frame at once."""

    codecs = ("jpeg",)

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        self.more = asyncio.Condition()

    async def send(self, message: Any) -> None:
        async with self.more:
            self.sent.append(message)
            self.more.notify_all()
        if isinstance(message, Frame):
            self.said.put_nowait(Painted(message.seq))

    async def receive(self) -> Any:
        return await self.said.get()

    def say(self, *messages: Any) -> None:
        for message in messages:
            self.said.put_nowait(message)

    async def line(self, text: str) -> pipe.Status:
        """Waits until the status line reads so."""
        async with self.more:
            await self.more.wait_for(lambda: self.status is not None and self.status.text == text)
        assert self.status
        return self.status

    async def entry(self, what: str, **wanted: Any) -> pipe.Entry:
        """Waits until the menu offers `what` so."""
        async with self.more:
            await self.more.wait_for(
                lambda: (e := self._entry(what)) is not None and all(getattr(e, k) == v for k, v in wanted.items())
            )
        found = self._entry(what)
        assert found
        return found

    def _entry(self, what: str) -> pipe.Entry | None:
        told = next((m for m in reversed(self.sent) if isinstance(m, pipe.Entries)), pipe.Entries())
        return next((e for e in told.entries if e.id == what), None)

    @property
    def status(self) -> pipe.Status | None:
        return next((m for m in reversed(self.sent) if isinstance(m, pipe.Status)), None)


class Case:
    def __init__(self, folder: Path) -> None:
        self.agent, self.viewer, self.book = ScreenAgent(), FakeViewer(), Book(folder)


async def during(case: Case, story: Callable[[], Awaitable[None]], companions: Any = (), **options: Any) -> None:
    """The story told while the window is open; then the technician closes it. What ends the window first is raised."""
    book = case.book
    kept = book.add(entry())
    async with open_session(kept.number, book=book, connector=FakeConnector(case.agent)) as session:
        view = asyncio.create_task(View(session, case.viewer, Wish(**options), companions).run())
        telling = asyncio.ensure_future(story())
        async with asyncio.timeout(20):
            await asyncio.wait((view, telling), return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
                case.viewer.say(pipe.Closed())
            try:
                await view
            finally:
                telling.cancel()
