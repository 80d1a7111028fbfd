"""A session with technicians' links in memory, a customer who answers as told, and ears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from rs_agent.feature import Context
from rs_agent.features import Entry
from rs_agent.journal import FILE, Journal
from rs_agent.session.plan import Plan
from rs_agent.session.session import Session
from rs_relay.channels.chat import Say
from rs_relay.channels.consent import Grant, State
from rs_relay.link.channel import Channel
from rs_relay.link.link import Link
from rs_relay.link.spec import ChannelSpec, Permission, Priority
from tests.support.customer import FakeDesktop, FakeFace
from tests.support.two_ends import joined_links


class Bench:
    def __init__(self, folder: Path, yes: set[Permission] | None, **plan: Any) -> None:
        self.desktop, self.face = FakeDesktop(), FakeFace(yes)
        self.journal = Journal(folder)
        self.folder = folder
        self.session = Session(Plan("Ada's PC", folder, **plan), self.desktop, self.face, self.journal, "alice")
        self.face.open(self.session)  # type: ignore[arg-type]  # all of Actions but stop
        self.links: list[Link] = []

    def join(self, who: str = "alice") -> Link:
        technician, agent = joined_links()
        party = self.session.party
        self.session.attach(agent, party.named(who) or self.session.admit(who, who.encode()))
        self.links.append(technician)
        return technician

    @property
    def hands(self) -> Any:
        return self.desktop.the_hands

    def journalled(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / FILE).read_text().splitlines()]


@asynccontextmanager
async def bench(folder: Path, yes: set[Permission] | None = None, **plan: Any) -> AsyncIterator[Bench]:
    it = Bench(folder, yes, **plan)
    try:
        yield it
    finally:
        it.session.end("over")
        async with asyncio.timeout(10):
            await it.session.ended
        for link in it.links:
            link.abort()
        it.journal.close()


async def hear(channel: Channel[Any, Any], kind: type[Any] = msgspec.Struct) -> Any:
    async with asyncio.timeout(10):
        while True:
            message = await channel.receive()
            if isinstance(message, kind):
                return message


async def state(channel: Channel[Any, Any], permission: Permission, grant: Grant) -> State:
    """The first state in which `permission` is `grant`."""
    while True:
        heard: State = await hear(channel, State)
        if heard.grants[permission] is grant:
            return heard


# --- channels and grants ---


class Loud:
    """A feature that needs a permission and answers each message."""

    def __init__(self, context: Context) -> None:
        self.heard: list[Any] = []

    async def run(self, channel: Channel[Any, Any]) -> None:
        async for message in channel:
            self.heard.append(message)
            await channel.send(message)


def loud(permission: Permission) -> tuple[ChannelSpec[Any, Any], dict[str, Entry], Loud]:
    """A channel behind `permission`, as if the agent had such a feature."""
    spec: ChannelSpec[Any, Any] = ChannelSpec(f"loud-{permission}", permission, Priority.BULK, Say, Say)
    feature = Loud(None)  # type: ignore[arg-type]

    class Made(Entry):
        def spec(self) -> ChannelSpec[Any, Any]:
            return spec

        def make(self, context: Context) -> Any:
            return feature

    return spec, {spec.name: Made("", "", "", permission)}, feature
