"""Who waits for whom: two tickets make one link.

A knock makes a room with two places, each opened once by its own ticket (32 random bytes, kept as SHA-256). The
second end to arrive completes the room, which then is forgotten: from there on the two sockets hold each other. A
room that is not complete in 30 seconds is dissolved, and the end that waited is told.

    empty ──attach──▶ one waits ──attach──▶ joined (forgotten)
      └──── 30 s ────────┴──▶ dissolved

`end` is opaque here: the socket of an end, whatever that is.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Generic, TypeVar

from rs_relay.server.admission import Technician

End = TypeVar("End")


@dataclass(frozen=True)
class Pair:
    """A fresh room: the public id of the link, and the ticket of each end."""

    link: str
    knocker: str
    knocked: str


@dataclass
class Room(Generic[End]):
    link: str
    until: float
    places: dict[bytes, Technician | None]  # hash of the ticket -> who answers for this end
    waiting: End | None = None


@dataclass(frozen=True)
class Place(Generic[End]):
    """What `attach` found: the link, who answers for this end, and the other end if it waited already."""

    link: str
    technician: Technician | None
    other: End | None


class Rooms(Generic[End]):
    def __init__(self, *, ttl: float) -> None:
        self._ttl = ttl
        self._by_ticket: dict[bytes, Room[End]] = {}
        self._waiting: dict[End, Room[End]] = {}

    def __len__(self) -> int:
        return len({id(room) for room in (*self._by_ticket.values(), *self._waiting.values())})

    def open(self, now: float, *, knocker: Technician | None, knocked: Technician | None) -> Pair:
        """A room for two; `knocker` and `knocked` are the technicians who answer for the ends."""
        pair = Pair(secrets.token_hex(16), secrets.token_hex(32), secrets.token_hex(32))
        places: dict[bytes, Technician | None] = {_hash(pair.knocker): knocker, _hash(pair.knocked): knocked}
        room: Room[End] = Room(pair.link, now + self._ttl, places)
        for ticket in places:
            self._by_ticket[ticket] = room
        return pair

    def attach(self, ticket: str, end: End, now: float) -> Place[End] | None:
        """Take the place of `ticket`, which is spent by this; None if there is none (any more)."""
        hashed = _hash(ticket)
        room = self._by_ticket.pop(hashed, None)
        if room is None or room.until <= now:
            return None
        place = Place(room.link, room.places[hashed], room.waiting)
        if room.waiting is None:
            room.waiting = end
            self._waiting[end] = room
        else:
            del self._waiting[room.waiting]
        return place

    def leave(self, end: End) -> None:
        """A waiting end went away: the other ticket is worth nothing now."""
        room = self._waiting.pop(end, None)
        if room is not None:
            self._forget(room)

    def expire(self, now: float) -> tuple[End, ...]:
        """Dissolve the rooms whose time is over; the ends that waited in them."""
        over = {id(r): r for r in (*self._by_ticket.values(), *self._waiting.values()) if r.until <= now}
        left = tuple(room.waiting for room in over.values() if room.waiting is not None)
        for room in over.values():
            self._forget(room)
            if room.waiting is not None:
                self._waiting.pop(room.waiting, None)
        return left

    def _forget(self, room: Room[End]) -> None:
        for ticket in room.places:
            self._by_ticket.pop(ticket, None)


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
