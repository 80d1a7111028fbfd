"""The technicians of one session: who they are, each with a key of their own, and who leads.

    begin ──▶ one, who leads ──admit──▶ several ──dismiss──▶ … ──▶ nobody: the session is over

The law: a key opens links for the technician it was agreed with and for nobody else, and only while they are here:
`find` is asked at each link, so a dismissed technician's key is void from that moment. A name is what the relay says of
an account; two of one name are told apart by a number, and no name is given twice in one session.

Pure: no clock of its own, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from rs_relay.channels.consent import Grant
from rs_relay.link import keys
from rs_relay.link.spec import Permission

MOST = 8  # technicians at once: more than a person can keep an eye on
NAME = 64  # characters


@dataclass(frozen=True, eq=False)
class Technician:
    number: int  # from 1, never given twice in one session
    name: str  # for show, unlike every other's
    since: float  # seconds since the epoch
    key: bytes = field(repr=False)

    @property
    def rid(self) -> bytes:
        return keys.rid(self.key)


class Seat(msgspec.Struct, frozen=True):
    """A technician and what they were allowed, for a session that comes back after a restart of its computer."""

    number: int
    name: str
    since: float
    key: str  # hex
    grants: dict[Permission, Grant]

    def __repr__(self) -> str:
        return f"Seat({self.number}, …)"

    @classmethod
    def of(cls, technician: Technician, grants: dict[Permission, Grant]) -> Seat:
        return cls(technician.number, technician.name, technician.since, technician.key.hex(), grants)


class Party:
    def __init__(self) -> None:
        self._here: dict[int, Technician] = {}
        self._names: set[str] = set()
        self._last = 0
        self._leads = 0

    def __iter__(self) -> Iterator[Technician]:
        """In the order in which they came."""
        return iter(list(self._here.values()))

    def __len__(self) -> int:
        return len(self._here)

    def __contains__(self, technician: object) -> bool:
        return isinstance(technician, Technician) and self._here.get(technician.number) is technician

    @property
    def full(self) -> bool:
        return len(self._here) >= MOST

    @property
    def leader(self) -> Technician | None:
        """Who answers for the session: whoever began it, or was handed it. None when nobody is left."""
        return self._here.get(self._leads)

    def by_rank(self) -> list[Technician]:
        """Who leads first, then in the order in which they came."""
        return sorted(self, key=lambda one: one.number != self._leads)

    def admit(self, name: str, key: bytes, now: float, number: int = 0) -> Technician:
        """The first one leads. `number`: the one that they had before a restart."""
        number = number or self._last + 1
        self._last = max(self._last, number)
        technician = Technician(number, self._unlike(name[:NAME]), now, key)
        self._here[technician.number] = technician
        self._leads = self._leads or technician.number
        return technician

    def dismiss(self, technician: Technician) -> None:
        """Their key opens nothing from here on. A leader is followed by who has been here longest."""
        self._here.pop(technician.number, None)
        if self._leads == technician.number:
            self._leads = next(iter(self._here), 0)

    def hand_over(self, technician: Technician) -> None:
        """They lead from here on."""
        if technician in self:
            self._leads = technician.number

    def find(self, rid: bytes) -> Technician | None:
        return next((one for one in self._here.values() if one.rid == rid), None)

    def numbered(self, number: int) -> Technician | None:
        return self._here.get(number)

    def named(self, name: str) -> Technician | None:
        """By the name as it is shown, in any case, or by the number."""
        wanted = name.strip().casefold()
        by_name = next((one for one in self._here.values() if one.name.casefold() == wanted), None)
        return by_name or (self._here.get(int(wanted)) if wanted.isascii() and wanted.isdecimal() else None)

    def _unlike(self, name: str) -> str:
        """The name, with a number where somebody has been called that before."""
        unlike, count = name, 1
        while unlike.casefold() in self._names:
            count += 1
            unlike = f"{name} ({count})"
        self._names.add(unlike.casefold())
        return unlike
