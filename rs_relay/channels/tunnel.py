"""Tunnels: many connections in one channel, both ways. What is said; how it is carried stands in `rs_relay.tunnel`.

    technician                                   agent
    Open(id, host, port)      ─────────────▶     connect there: Opened(id), or Refused(id, why, text)
    Listen(listener, key, …)  ─────────────▶     wait there for connections: Listening(listener, host, port), or
                              ◀─────────────     NotListening(listener, text)
    Opened(id) | Refused(id)  ◀─────────────     Came(id, listener): somebody connected; the technician's end dials

    either end, of an open connection
    Data(id, data)            ◀────────────▶     never more than the other end's Windows add up to
    Window(id, size)          ◀────────────▶     so many bytes more may come: what was said is written and gone
    End(id)                   ◀────────────▶     no more Data from here (a half-closed socket); the other way goes on
    Reset(id)                 ◀────────────▶     it is broken off, both ways

Ids grow: odd ones are the technician's, even ones the agent's. A connection begins with START bytes each way.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

START = 64 * 1024  # bytes that may be said before the first Window
PIECE = 128 * 1024  # bytes of one Data at most
CONNECTIONS = 512  # at once
LISTENERS = 32
MAX_HOST = 255  # characters: a name's length in DNS; a path's in AF_UNIX is less
MAX_KEY = 64


class Why(StrEnum):
    """Why there is no connection. SOCKS has a code for most of these (RFC 1928, section 6)."""

    REFUSED = "refused"
    NETWORK = "network-unreachable"
    HOST = "host-unreachable"
    NAME = "name-not-found"
    TIMEOUT = "timeout"
    DENIED = "denied"
    FULL = "full"
    FAILED = "failed"


class Open(msgspec.Struct, frozen=True, tag="open"):
    id: int
    host: str = ""  # a name, resolved by the agent's computer, or an address
    port: int = 0
    path: str = ""  # in place of both: a Unix socket


class Came(msgspec.Struct, frozen=True, tag="came"):
    id: int
    listener: int


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    id: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    id: int
    why: Why
    text: str = ""  # a sentence for a person


class Data(msgspec.Struct, frozen=True, tag="data"):
    id: int
    data: memoryview


class Window(msgspec.Struct, frozen=True, tag="window"):
    id: int
    size: int


class End(msgspec.Struct, frozen=True, tag="end"):
    id: int


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    id: int


class Listen(msgspec.Struct, frozen=True, tag="listen"):
    listener: int  # the technician's number for it, on this channel
    key: str  # the same over all links: the new one takes the place of the one that an old link still holds
    host: str = ""  # a loopback address; '' is all of them
    port: int = 0  # 0: any that is free


class Listening(msgspec.Struct, frozen=True, tag="listening"):
    listener: int
    host: str
    port: int


class NotListening(msgspec.Struct, frozen=True, tag="not-listening"):
    listener: int
    text: str


Carried = Opened | Refused | Data | Window | End | Reset
Up = Open | Listen | Opened | Refused | Data | Window | End | Reset
Down = Came | Listening | NotListening | Opened | Refused | Data | Window | End | Reset
# `ahead`: whatever lies in the channel's queue can no longer be overtaken by another connection, so nothing lies there.
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "tunnel", Permission.TUNNEL, Priority.BULK, Up, Down, max_message=PIECE + 1024, window=4 * 1024 * 1024, ahead=1
)
