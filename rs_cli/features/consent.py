"""Consent at the technician's end: shows what the customer granted, asks for more. Nothing here opens anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from rs_relay.channels.consent import REASONS, SPEC, Ask, Down, Goodbye, Grant, State, Up
from rs_relay.errors import SessionEnded
from rs_relay.link.channel import Channel
from rs_relay.link.spec import Permission

BY_CUSTOMER = "The customer ended the session."
# An agent that takes a question up says so at once (asking, or refused); one that says nothing has nothing new to say.
SILENCE = 10.0  # seconds
_ANSWERED = (Grant.GRANTED, Grant.REFUSED, Grant.WITHDRAWN)


class Consent:
    spec = SPEC

    def __init__(self, heard: Callable[[State], None] = lambda state: None) -> None:
        self.state: State | None = None
        self._heard = heard
        self._channel: Channel[Up, Down] | None = None
        self._changed = asyncio.Condition()
        self._states = 0

    async def run(self, channel: Channel[Up, Down]) -> None:
        """Raises SessionEnded when the customer says goodbye."""
        self._channel = channel
        try:
            async for said in channel:
                if isinstance(said, Goodbye):
                    raise SessionEnded(said.reason if said.reason in REASONS else BY_CUSTOMER)
                await self._take(said)
        finally:
            self._channel = None

    async def known(self) -> State:
        """The state, waiting for the first one."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.state is not None)
        return self._now()

    async def ask(self, permissions: Iterable[Permission]) -> dict[Permission, Grant]:
        """Ask for what is not granted yet, and wait for the customer's answer to each. A question that is lost with
        the link is put again by whoever asked: it may not be put twice to a person without somebody wanting that."""
        state = await self.known()
        wanted = list(permissions)
        missing = tuple(p for p in wanted if state.grants.get(p) is not Grant.GRANTED)
        if missing:
            await self._put(missing)
        grants = self._now().grants
        return {p: grants.get(p, Grant.NOT_ASKED) for p in wanted}

    async def _put(self, permissions: tuple[Permission, ...]) -> None:
        before = self._states
        await self.request(permissions)
        async with self._changed:
            try:
                async with asyncio.timeout(SILENCE):
                    await self._changed.wait_for(lambda: self._states > before)
            except TimeoutError:
                return
            await self._changed.wait_for(lambda: self._answered(permissions))

    async def request(self, permissions: Iterable[Permission]) -> None:
        """Put the questions and do not wait: the answers come as states."""
        if self._channel is not None:
            await self._channel.send(Ask(tuple(permissions)))

    async def _take(self, state: State) -> None:
        async with self._changed:
            self.state = state
            self._states += 1
            self._changed.notify_all()
        self._heard(state)

    def _answered(self, permissions: tuple[Permission, ...]) -> bool:
        grants = self._now().grants
        return all(grants.get(p) in _ANSWERED for p in permissions)

    def _now(self) -> State:
        return self.state or State({}, "", 0)
