"""What a session begins with: what the customer set beforehand, and what it was before a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rs_agent.brakes import Brakes
from rs_agent.feature import Returned
from rs_agent.features import FEATURES, OFFERED, Entry
from rs_agent.session.party import Seat
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission


@dataclass(frozen=True)
class Past:
    """A session as it was when its computer went down."""

    who: tuple[str, ...]  # everybody who was in it
    began: float
    grants: dict[Permission, Grant]
    granted_once: tuple[Permission, ...]
    paused: bool
    lines: int  # of chat
    returned: Returned | None = None
    seats: tuple[Seat, ...] = ()  # of all who were in it when it went down, who leads first


@dataclass(frozen=True)
class Plan:
    """What the customer set before anybody joined."""

    name: str  # of this computer, for show
    folder: Path
    allow: frozenset[Permission] = frozenset()
    features: dict[str, Entry] = field(default_factory=lambda: FEATURES)
    offered: frozenset[Permission] = OFFERED
    brakes: Brakes | None = None
