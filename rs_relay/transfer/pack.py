"""Many small things in one message: an envelope that neither sender nor receiver knows of.

A message costs each end, the relay and four sockets about 0.2 ms of processor time together, whatever it holds; a file
of 1 KB costs a tenth of that. So what is settled by one answer goes together as far as it was ready at the same time:
nobody waits for a message to be full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rs_relay.errors import PeerBroke
from rs_relay.transfer import messages as m

ENVELOPE = 160  # bytes that an item or an answer takes beside its texts and its content
ROOM = m.MESSAGE_MAX - 1024


def packed(messages: Iterable[Any], room: int = ROOM) -> Iterator[Any]:
    """The same in fewer messages, in the same order; a message holds no more than `room` bytes, or one item."""
    run: list[Any] = []
    size = 0
    for message in messages:
        cost = _cost(message)
        if run and (_kind(message) is not _kind(run[0]) or size + cost > room or len(run) >= m.PACK_ITEMS):
            yield _together(run)
            run, size = [], 0
        run.append(message)
        size += cost
    if run:
        yield _together(run)


def unpacked(message: Any) -> Sequence[Any]:
    """What was said, one by one. Raises PeerBroke for an envelope that holds what is not its own batch's."""
    if not isinstance(message, m.Pack | m.Answers):
        return (message,)
    parts = message.items if isinstance(message, m.Pack) else message.answers
    if any(part.batch != message.batch for part in parts):
        raise PeerBroke("The other end mixed its transfers up.")
    return parts


def _kind(message: Any) -> type[m.Pack | m.Answers] | object:
    """In what envelope it may go; an object that is no other's for none."""
    if isinstance(message, m.Item):
        return m.Pack
    if isinstance(message, m.Answer):
        return m.Answers
    return object()


def _cost(message: Any) -> int:
    match message:
        case m.Whole(name=name, data=data):
            return ENVELOPE + 4 * len(name) + data.nbytes
        case m.Saved(name=name) | m.Folder(name=name) | m.Finish(name=name):
            return ENVELOPE + 4 * len(name)
        case m.Link(name=name, target=text) | m.LeftOut(name=name, message=text):
            return ENVELOPE + 4 * (len(name) + len(text))
        case m.Failed(message=text, hint=hint):
            return ENVELOPE + 4 * (len(text) + len(hint))
        case m.Skipped(message=text):
            return ENVELOPE + 4 * len(text)
    return ENVELOPE


def _together(run: list[Any]) -> Any:
    first = run[0]
    if len(run) == 1:
        return first
    return m.Pack(first.batch, run) if isinstance(first, m.Item) else m.Answers(first.batch, run)
