"""What a feature holds: one channel of a link, as coroutines.

`Channel[Said, Heard]` says messages of type Said and hears messages of type Heard. `send` waits for its turn (credit
and queue), so whoever sends is paced by whoever receives; a message that was taken counts as consumed, and only then
does the other end get credit for more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic, Protocol, TypeVar

from rs_relay.errors import RsError

Said = TypeVar("Said", contravariant=True)
Heard = TypeVar("Heard", covariant=True)


class ChannelClosed(Exception):
    """The channel has ended; `error` says why, None when it simply ended."""

    def __init__(self, error: RsError | None = None) -> None:
        super().__init__(error.message if error else "closed")
        self.error = error


class Channel(Protocol, Generic[Said, Heard]):
    async def send(self, message: Said, *, replaces: str = "") -> None:
        """Queue `message`; waits while the queue is full. With `replaces`, it takes the place of the last queued
        message if that carries the same mark and has not left yet. Raises ChannelClosed."""
        ...

    async def receive(self) -> Heard:
        """The next message. Raises ChannelClosed when there will be none, PeerBroke for one that breaks the rules."""
        ...

    def __aiter__(self) -> AsyncIterator[Heard]:
        """Messages until the channel closes without an error; raises the RsError when it closed with one."""
        ...

    async def close(self, error: RsError | None = None) -> None:
        """End the channel after what is queued has been sent; the other end hears `error`."""
        ...

    @property
    def queued(self) -> int:
        """Bytes said that have not left for the network yet."""
        ...

    @property
    def round_trip(self) -> float | None:
        """Seconds that the way there and back takes at its quickest; None before that was seen."""
        ...
