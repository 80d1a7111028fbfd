"""What two ends say to move files. One conversation is a *batch*: one or more files and directories, one direction.

    sender                                        receiver
    Open(key, into, overwrite, totals)   ───▶     once on each link; the same key later is the same batch, gone on with
    Folder(item, name, key)              ───▶     a directory
    Whole(item, name, data, sha256)      ───▶     a small file, all of it
    Offer(item, name, size, key)         ───▶     a file that comes in pieces
                                         ◀───     Accept(item, offset, sha256): so much is here, and this is its hash
    Again(item)                          ───▶     that is not how my file begins: start afresh
    Piece(item, offset, data)            ───▶     in order, without a gap
                                         ◀───     Ack(item, offset) of each Piece with `ack`: it is written
    Done(item, size, sha256)             ───▶     the hash of the whole
                                         ◀───     Saved(item, name, …) now it has its final name
    LeftOut(item, name, why)             ───▶     found in the tree and not sent          ◀─── Ack(item, 0)
    Last(items)                          ───▶     there are no more
                                         ◀───     Failed(item, why) in place of Accept or Saved
    Abort(why)                           ◀──▶     the batch ends here

Items are numbered 0, 1, 2 … and offered without waiting: a directory of small files costs no round
trips. The sender keeps at most AHEAD items unsettled and WINDOW bytes of data unacknowledged on a channel; the receiver
takes more than that for an attack. Every item is settled by exactly one Saved, Failed or (LeftOut) Ack; after a lost
link the sender offers again whatever was not settled, under the same numbers.
"""

from __future__ import annotations

import msgspec

# A piece must fit one record of the link with room for its own envelope (60 bytes) and the frame's: 256 KiB - 16.
PIECE_MAX = 256 * 1024 - 256
PIECE_MIN = 4 * 1024  # at 56 kbit/s this takes 0.6 s; less would be mostly envelopes
MESSAGE_MAX = 256 * 1024 - 16
WHOLE_MAX = PIECE_MAX - 1280  # a small file in one message, with the longest name and its hash

WINDOW = 4 * 1024 * 1024  # bytes said and not acknowledged, all batches of a channel together
AHEAD = 256  # items said and not settled, a batch
OFFERS_AHEAD = 8  # of those, files that come in pieces: each holds an open file at the receiver
ITEMS_MAX = 100_000  # a batch
BATCHES_MAX = 64  # at once on a channel
UNKNOWN = -1  # a size that only the end of the stream tells


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    batch: int


class Open(Said, frozen=True, tag="open"):
    key: str  # 32 hex digits, chosen at random by whoever starts the batch
    sending: str = ""  # 32 hex digits, new when the sender's program was started anew: item numbers are new then too
    label: str = ""  # what is sent, for show
    into: str = ""  # folder below the receiver's own
    overwrite: bool = False
    files: int = 0
    size: int = UNKNOWN
    settled: int = 0  # items below this number are, if the receiver has forgotten them


class Folder(Said, frozen=True, tag="folder"):
    item: int
    name: str
    key: str


class Offer(Said, frozen=True, tag="offer"):
    item: int
    name: str
    size: int
    mtime_ns: int
    key: str  # 64 hex digits: the same for the same version of the same file


class Whole(Said, frozen=True, tag="whole"):
    item: int
    name: str
    mtime_ns: int
    sha256: bytes
    data: memoryview


class Again(Said, frozen=True, tag="again"):
    item: int


class Piece(Said, frozen=True, tag="piece"):
    item: int
    offset: int
    data: memoryview
    ack: bool = False


class Done(Said, frozen=True, tag="done"):
    item: int
    size: int
    sha256: bytes
    note: str = ""


class LeftOut(Said, frozen=True, tag="left-out"):
    item: int
    name: str
    message: str
    code: str = ""  # of the error tree; empty when leaving it out is not a failure


class Last(Said, frozen=True, tag="last"):
    items: int


class Accept(Said, frozen=True, tag="accept"):
    item: int
    offset: int
    sha256: bytes


class Ack(Said, frozen=True, tag="ack"):
    item: int
    offset: int


class Saved(Said, frozen=True, tag="saved"):
    item: int
    name: str
    size: int = 0
    sha256: bytes = b""
    resumed_from: int = 0


class Failed(Said, frozen=True, tag="failed"):
    item: int
    code: str
    message: str
    hint: str = ""


class Abort(Said, frozen=True, tag="abort"):
    code: str
    message: str
    hint: str = ""


FromSender = Open | Folder | Offer | Whole | Again | Piece | Done | LeftOut | Last | Abort
FromReceiver = Accept | Ack | Saved | Failed | Abort


def weight(message: object) -> int:
    """Bytes of file content in a message."""
    return message.data.nbytes if isinstance(message, Piece | Whole) else 0
