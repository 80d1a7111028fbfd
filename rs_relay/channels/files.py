"""Files, both ways. The conversation of a batch is told in `rs_relay.transfer.messages`; here is who starts one.

    technician                                   agent
    Open(batch, key, …)       ─────────────▶     the technician sends: it is the sender of the batch
    Get(batch, key, path)     ─────────────▶     the technician wants: the agent answers with Open and is the sender,
                              ◀─────────────     or Abort when there is nothing of that name to give

`batch` numbers are the technician's, unique on a channel; `key` is the same when the batch goes on over a new link.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority
from rs_relay.transfer import messages as m


class Get(msgspec.Struct, frozen=True, tag="get"):
    batch: int
    key: str  # 32 hex digits
    # as the customer's computer writes it: absolute, or below the customer's home, `~/` allowed; `* ? [ ] **` stand for
    # several, all of which come in one batch
    path: m.Text
    modes: bool = False  # as in Open, which the agent answers with
    links: bool = False


Up = (
    Get
    | m.Open
    | m.Folder
    | m.Finish
    | m.Offer
    | m.Whole
    | m.Link
    | m.Pack
    | m.Again
    | m.Piece
    | m.Hole
    | m.Back
    | m.Compare
    | m.Patch
    | m.Still
    | m.Done
    | m.LeftOut
    | m.Last
    | m.Accept
    | m.Ack
    | m.Blocks
    | m.Heard
    | m.Saved
    | m.Skipped
    | m.Failed
    | m.Answers
    | m.Rate
    | m.Abort
)
Down = (
    m.Open
    | m.Folder
    | m.Finish
    | m.Offer
    | m.Whole
    | m.Link
    | m.Pack
    | m.Again
    | m.Piece
    | m.Hole
    | m.Back
    | m.Compare
    | m.Patch
    | m.Still
    | m.Done
    | m.LeftOut
    | m.Last
    | m.Accept
    | m.Ack
    | m.Blocks
    | m.Heard
    | m.Saved
    | m.Skipped
    | m.Failed
    | m.Answers
    | m.Abort
)
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "files", Permission.FILES, Priority.BULK, Up, Down, max_message=m.MESSAGE_MAX, window=m.WINDOW
)
