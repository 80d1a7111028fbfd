"""What a session tells whoever listens to it."""

from __future__ import annotations

from dataclasses import dataclass

from rs_cli.session.status import Status
from rs_relay.errors import RsError


@dataclass(frozen=True)
class Moved:
    """The connection stands differently now."""

    status: Status


@dataclass(frozen=True)
class Opening:
    """A feature's channel is asked for. Where the customer has to be asked first, that may take a minute."""

    feature: str


@dataclass(frozen=True)
class Began:
    """A feature's channel is open; again after each reconnection."""

    feature: str


@dataclass(frozen=True)
class Stopped:
    """A feature's channel has closed for good: refused, withdrawn or broken. `use` may be called again for it."""

    feature: str
    error: RsError | None


Event = Moved | Opening | Began | Stopped
