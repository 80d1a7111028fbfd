"""What two ends say to move files. One conversation is a *batch*: one or more files and directories, one direction.

    sender                                        receiver
    Open(key, into, overwrite, totals)   ───▶     once on each link; the same key later is the same batch, gone on with
    Folder(item, name, key)              ───▶     a directory
    Finish(item, name, mtime, mode)      ───▶     all that is in that directory has been said         ◀─── Ack(item, 0)
    Whole(item, name, data, sha256)      ───▶     a small file, all of it          (damaged: ◀─── Accept(item, 0))
    Link(item, name, target)             ───▶     a symbolic link, where the batch carries those
    Pack(items)                          ───▶     several of Folder, Finish, Whole, Link and LeftOut in one message
    Offer(item, name, size, key)         ───▶     a file that comes in pieces
                                         ◀───     Accept(item, offset, sha256): so much is here, and this is its hash
    Again(item)                          ───▶     that is not how my file begins: start afresh
    Piece(item, offset, data)            ───▶     in order, without a gap
                                         ◀───     Ack(item, offset, sha256) of each Piece with `ack`: it is written
    Hole(item, offset, size)             ───▶     as a Piece: so many zeros that take no room at the sender   ◀─── Ack
    Back(item, offset)                   ───▶     that is not what I sent: to there it was    ◀─── Accept, as above
    Compare(item, offset, size, weak)    ───▶     where Accept named a base: what does it hold there?
                                         ◀───     Blocks(item, offset, strong, weak): hashes of its blocks (see `delta`)
    Patch(item, offset, size, ops, data) ───▶     in place of Pieces: what is new, and what to copy from the base
    Done(item, size, sha256)             ───▶     the hash of the whole
                                         ◀───     Saved(item, name, …) now it has its final name
    LeftOut(item, name, why)             ───▶     found in the tree and not sent          ◀─── Ack(item, 0)
    Last(items)                          ───▶     there are no more
                                         ◀───     Failed(item, why) in place of Accept or Saved
                                         ◀───     Skipped(item, why) in the same place: what is here is as new
                                         ◀───     Answers(answers) to a Pack: several of Saved, Failed, Skipped and Ack
                                         ◀───     Heard(item) at once, of a Whole or a Pack's last: it is here
                                         ◀───     Rate(rate) at any time: say no more than so many bytes a second
    Still()                              ◀──▶     at work on it, and nothing to say yet
    Abort(why)                           ◀──▶     the batch ends here

Items are numbered 0, 1, 2 … and offered without waiting: a directory of small files costs no round
trips. The sender keeps at most AHEAD items unsettled and WINDOW bytes of data unacknowledged on a channel; the receiver
takes more than that for an attack. Every item is settled by exactly one Saved, Skipped, Failed or (LeftOut) Ack; after
a lost link the sender offers again whatever was not settled, under the same numbers.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

# A piece must fit one record of the link with room for its own envelope (60 bytes) and the frame's: 256 KiB - 16.
PIECE_MAX = 256 * 1024 - 256
PIECE_MIN = 4 * 1024  # at 56 kbit/s this takes 0.6 s; less would be mostly envelopes
MESSAGE_MAX = 256 * 1024 - 16
PATCH_MAX = PIECE_MAX - 16 * 1024  # bytes of content beside 512 copies of a file of any size
WHOLE_MAX = PIECE_MAX - 1280  # a small file in one message, with the longest name and its hash

WINDOW = 8 * 1024 * 1024  # bytes said and not acknowledged, all batches of a channel together
WHOLE_AHEAD = WINDOW // 2  # bytes of small files said and not settled, a batch
AHEAD = 4096  # items said and not settled, a batch
PACK_ITEMS = 512  # of one message
OFFERS_AHEAD = 8  # of those, files that come in pieces: each holds an open file at the receiver
ITEMS_MAX = 2**31  # a batch: nothing is kept of an item that is settled
HOLE_MAX = 4 * 1024 * 1024  # zeros in one message: 2 ms to hash at each end
HOLE_MIN = 64 * 1024
HOLE_WEIGHT = 16 * 1024  # bytes that one counts for among those under way, or a sender would run far ahead
BATCHES_MAX = 64  # at once on a channel
REPAIRS = 8  # times one file is mended: a machine that damages more than this is not mended by trying
UNKNOWN = -1  # a size that only the end of the stream tells


# Longer ones are refused with the message; what a name may be is for `names` to say.
Name = Annotated[str, msgspec.Meta(max_length=2048)]
Text = Annotated[str, msgspec.Meta(max_length=4096)]


# none of them can be part of a cycle: the collector need not look at thousands of them again and again
class Said(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
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
    at: str = (
        ""  # a path of the customer's (as `Get.path` is): a directory to put things into, or one thing's final name
    )
    if_newer: bool = False  # take only what is not there or is newer than what is there, which it then replaces
    modes: bool = False  # permission bits are kept, without set-id and sticky ones
    links: bool = False  # relative symbolic links that stay within the batch are kept as links


class Folder(Said, frozen=True, tag="folder"):
    item: int
    name: Name
    key: str


class Offer(Said, frozen=True, tag="offer"):
    item: int
    name: Name
    size: int
    mtime_ns: int
    key: str  # 64 hex digits: the same for the same version of the same file
    mode: int = UNKNOWN  # permission bits, where the batch keeps them


class Whole(Said, frozen=True, tag="whole"):
    item: int
    name: Name
    mtime_ns: int
    sha256: bytes
    data: memoryview
    mode: int = UNKNOWN


class Link(Said, frozen=True, tag="link"):
    item: int
    name: Name
    target: Text


class Finish(Said, frozen=True, tag="finish"):
    item: int
    name: Name
    mtime_ns: int
    mode: int = UNKNOWN


class Again(Said, frozen=True, tag="again"):
    item: int


class Piece(Said, frozen=True, tag="piece"):
    item: int
    offset: int
    data: memoryview
    ack: bool = False


class Hole(Said, frozen=True, tag="hole"):
    item: int
    offset: int
    size: int  # zeros, at most HOLE_MAX


class Back(Said, frozen=True, tag="back"):
    item: int
    offset: int


class Compare(Said, frozen=True, tag="compare"):
    item: int
    offset: int  # in the base, a multiple of delta.WINDOW
    size: int
    weak: bool = False  # the rolling sums too


class Patch(Said, frozen=True, tag="patch"):
    item: int
    offset: int
    size: int  # bytes of the file that it makes
    ops: list[int]  # triples: bytes taken from `data`, then where in the base to copy from, and how many
    data: memoryview
    ack: bool = True


class Done(Said, frozen=True, tag="done"):
    item: int
    size: int
    sha256: bytes
    note: str = ""


class LeftOut(Said, frozen=True, tag="left-out"):
    item: int
    name: Name
    message: Text
    code: str = ""  # of the error tree; empty when leaving it out is not a failure


class Pack(Said, frozen=True, tag="pack"):
    # of this batch, in order
    items: Annotated[list[Folder | Finish | Whole | Link | LeftOut], msgspec.Meta(min_length=1, max_length=PACK_ITEMS)]


class Last(Said, frozen=True, tag="last"):
    items: int


class Accept(Said, frozen=True, tag="accept"):
    item: int
    offset: int
    sha256: bytes
    base: int = 0  # bytes of another version that is here, to copy from


class Ack(Said, frozen=True, tag="ack"):
    item: int
    offset: int
    sha256: bytes = b""  # of all bytes before `offset`, as they were written


class Blocks(Said, frozen=True, tag="blocks"):
    item: int
    offset: int
    strong: bytes
    weak: bytes = b""


class Heard(Said, frozen=True, tag="heard"):
    item: int


class Saved(Said, frozen=True, tag="saved"):
    item: int
    name: Name
    size: int = 0
    sha256: bytes = b""
    resumed_from: int = 0
    reused: int = 0  # bytes copied from what was here
    repaired: int = 0  # times that it was damaged on its way, and mended


class Skipped(Said, frozen=True, tag="skipped"):
    item: int
    message: Text


class Failed(Said, frozen=True, tag="failed"):
    item: int
    code: str
    message: Text
    hint: Text = ""


class Rate(Said, frozen=True, tag="rate"):
    rate: int  # bytes of content a second; 0: nothing for now, UNKNOWN: as much as the line carries


class Answers(Said, frozen=True, tag="answers"):
    # of this batch
    answers: Annotated[list[Ack | Saved | Skipped | Failed], msgspec.Meta(min_length=1, max_length=PACK_ITEMS)]


class Still(Said, frozen=True, tag="still"):
    pass


class Abort(Said, frozen=True, tag="abort"):
    code: str
    message: Text
    hint: Text = ""


Item = Folder | Finish | Whole | Link | LeftOut  # settled by one answer, without a further word
Answer = Ack | Saved | Skipped | Failed
# beside the envelopes, which neither machine sees
FromSender = (
    Open
    | Folder
    | Finish
    | Offer
    | Whole
    | Link
    | Again
    | Back
    | Compare
    | Piece
    | Hole
    | Patch
    | Done
    | LeftOut
    | Last
    | Still
    | Abort
)
FromReceiver = Accept | Ack | Blocks | Saved | Skipped | Failed | Still | Abort


def weight(message: object) -> int:
    """Bytes of file content in a message."""
    if isinstance(message, Pack):
        return sum(item.data.nbytes for item in message.items if isinstance(item, Whole))
    return message.data.nbytes if isinstance(message, Piece | Patch | Whole) else 0
