"""What the link must know of a channel, and nothing more: its name, who must have granted it, how urgent it is,
how large a message may be, and the types that may be said in each direction.

The technician's end opens every channel; the customer's end accepts or refuses it. A channel is *said* in
MessagePack: one frozen `msgspec.Struct` of a tagged union a message, validated on arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from rs_relay.errors import PeerBroke

Up = TypeVar("Up")  # what the technician says
Down = TypeVar("Down")  # what the agent says
T = TypeVar("T")


class Permission(StrEnum):
    """What a customer grants, one by one."""

    VIEW = "view"
    CONTROL = "control"
    CLIPBOARD = "clipboard"
    FILES = "files"
    SHELL = "shell"
    POWER = "power"
    SHARE = "share"  # look at the technician's screen
    RECORD = "record"  # the technician keeps what they see
    PRIVACY = "privacy"  # blank this screen, hold this keyboard and mouse
    INFO = "info"  # look at what this computer is, runs and logs
    TUNNEL = "tunnel"  # connections from and to this computer
    UNATTENDED = "unattended"  # set this computer up to be reached when nobody is there
    DISK = "disk"  # with `files`: all of the computer's, not the home folder alone


class Priority(IntEnum):
    """Lower goes first. A frame of a lower number is sent before any of a higher one that is still waiting."""

    URGENT = 0  # input, consent: a person waits for each
    TALK = 1  # chat, clipboard
    SCREEN = 2
    BULK = 3  # files, tunnels


@dataclass(frozen=True)
class ChannelSpec(Generic[Up, Down]):
    """A channel of the catalogue. `up` and `down` are (unions of) tagged frozen structs.

    `max_message` bounds one message in bytes and `window` the bytes in flight, in each direction. `ahead`: bytes that
    may be queued and not have left before `send` waits.
    """

    name: str
    permission: Permission | None
    priority: Priority
    up: Any
    down: Any
    max_message: int = 64 * 1024
    window: int = 256 * 1024
    ahead: int = 512 * 1024  # two records, whatever the line
    _up: msgspec.msgpack.Decoder[Up] = field(init=False, repr=False, compare=False)
    _down: msgspec.msgpack.Decoder[Down] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_up", msgspec.msgpack.Decoder(self.up))
        object.__setattr__(self, "_down", msgspec.msgpack.Decoder(self.down))

    def decode_up(self, data: bytes | memoryview) -> Up:
        return _decode(self._up, data, self.name)

    def decode_down(self, data: bytes | memoryview) -> Down:
        return _decode(self._down, data, self.name)


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes | memoryview, channel: str) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PeerBroke(f"The other end sent a {channel} message that does not follow the protocol.") from e
