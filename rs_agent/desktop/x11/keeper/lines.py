"""What an agent and its keeper say to each other: one JSON object a line."""

from __future__ import annotations

import msgspec

from rs_agent.desktop.keeping import Change, Kept

MOST = 64 * 1024  # bytes of a line


class Want(msgspec.Struct, frozen=True):
    """What is to hold now, all of it."""

    changes: tuple[Change, ...] = ()


class Told(msgspec.Struct, frozen=True):
    in_force: tuple[Change, ...] = ()
    cannot: dict[Change, str] = {}
    ended: bool = False

    def kept(self) -> Kept:
        return Kept(frozenset(self.in_force), self.cannot, self.ended)


_want, _told = msgspec.json.Decoder(Want), msgspec.json.Decoder(Told)
_encoder = msgspec.json.Encoder()


def pack(message: Want | Told) -> bytes:
    return _encoder.encode(message) + b"\n"


def want(line: bytes) -> Want:
    """Raises ValueError for what is no such line."""
    return _want.decode(line)


def told(line: bytes) -> Told:
    """Raises ValueError for what is no such line."""
    return _told.decode(line)
