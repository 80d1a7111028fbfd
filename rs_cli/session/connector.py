"""What a session needs from the network, and nothing more.

The real one is `rs_cli.session.dialled`; tests have theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rs_cli.state.book import Entry
from rs_relay.errors import RsError
from rs_relay.link.channel import Channel
from rs_relay.link.codes import Code
from rs_relay.link.spec import ChannelSpec
from rs_relay.wire.messages import Customer, Device, Welcome

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Link(Protocol):
    """One encrypted connection to the agent."""

    async def open(self, spec: ChannelSpec[Any, Any], first: Any = None) -> Channel[Any, Any]:
        """`first` is said on it first, and goes along with the request. Raises the RsError the agent refused with
        (NotAllowed …), ConnectionLost when the link breaks meanwhile."""
        ...

    async def closed(self) -> RsError:
        """Waits for the link's end and returns why: ConnectionLost, SessionEnded, PeerBroke …"""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Paired:
    """What the first link of a session yields."""

    host: str
    door: str = field(repr=False)  # hex
    key: str = field(repr=False)  # hex
    role: str
    customer: str
    link: Link


class Connector(Protocol):
    """Reaches agents through one relay."""

    async def reach(self, entry: Entry) -> Link:
        """A further link of a session. Raises Unreachable (try again later), SessionEnded, SignInNeeded …"""
        ...

    async def join(self, code: Code) -> Paired:
        """Spend a code that the customer reads out. Raises WrongCode, Unreachable …"""
        ...

    async def visit(self, host: str, access_code: str, me: Ed25519PrivateKey, pin: bytes) -> Paired:
        """Come in at a device whose key is `pin`. Raises WrongCode, Unreachable, NoSuchSession, PeerBroke …"""
        ...

    async def devices(self) -> list[Device]:
        """This technician's, and which are here now."""
        ...

    async def hold(
        self, show: Callable[[Code, float], None], wrong: Callable[[int], None] = lambda left: None
    ) -> Paired:
        """Make a code, `show(code, seconds it stays valid)` it, and wait for the customer to type it. `wrong(left)` is
        called for each wrong secret with the number of tries that are left.

        Raises WrongCode when three wrong secrets have retired it, or its time is over."""
        ...

    async def online(self, entries: list[Entry]) -> list[bool]:
        """Which of these sessions' agents are present at the relay now."""
        ...

    async def waiting(self) -> tuple[Customer, ...]:
        """Customers whose agents show a code at the relay now, the newest first."""
        ...

    async def welcome(self) -> Welcome:
        """Sign in and nothing else. Raises SignInNeeded, Unreachable."""
        ...
