"""The connections of one tunnel, without a socket: what may be said of each, and how many bytes.

Law: an end that hears of a connection that never was, hears something out of turn, or hears more bytes than it granted
ends the channel (`PeerBroke`). What concerns one that has ended is let pass: it crossed our own last word.

    ASKING ─ OPENED ─▶ OPEN ─ END ─▶ ENDED_HERE ─ end of theirs ─▶ gone        ASKING     we asked, they dial
    ANSWERING ──┘        └── end of theirs ─▶ ENDED_THERE ─ END ─▶ gone        ANSWERING  they asked, we dial
    from everywhere: RESET, either way, ─▶ gone; before it is open REFUSED, too

The window of a connection begins small and doubles with each windowful that its socket takes at once, while all
windows together stay below BUDGET: a quick connection is not held up by the line's length, and a reader that stalls
holds a small part of the memory and nobody else's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rs_relay.channels.tunnel import CONNECTIONS, START
from rs_relay.errors import PeerBroke

LARGEST = 4 * 1024 * 1024  # bytes: a second's worth at 4 MB/s, or 100 ms at 40
BUDGET = 48 * 1024 * 1024  # bytes that all windows of one end together may grow to
MAX_CREDIT = 64 * 1024 * 1024  # bytes: a peer that grants more than that at once grants nothing more


class State(StrEnum):
    ASKING = "asking"
    ANSWERING = "answering"
    OPEN = "open"
    ENDED_HERE = "ended here"
    ENDED_THERE = "ended there"
    GONE = "gone"


class Word(StrEnum):
    """What is said (by us) or heard (from them)."""

    SAY_OPENED = "say opened"
    SAY_REFUSED = "say refused"
    SAY_END = "say end"
    SAY_RESET = "say reset"
    HEAR_OPENED = "hear opened"
    HEAR_REFUSED = "hear refused"
    HEAR_DATA = "hear data"
    HEAR_WINDOW = "hear window"
    HEAR_END = "hear end"
    HEAR_RESET = "hear reset"


_S, _W = State, Word
TABLE: Mapping[tuple[State, Word], State] = {
    (_S.ASKING, _W.HEAR_OPENED): _S.OPEN,
    (_S.ASKING, _W.HEAR_REFUSED): _S.GONE,
    (_S.ASKING, _W.SAY_RESET): _S.GONE,
    (_S.ANSWERING, _W.SAY_OPENED): _S.OPEN,
    (_S.ANSWERING, _W.SAY_REFUSED): _S.GONE,
    (_S.ANSWERING, _W.HEAR_RESET): _S.GONE,
    (_S.OPEN, _W.HEAR_DATA): _S.OPEN,
    (_S.OPEN, _W.HEAR_WINDOW): _S.OPEN,
    (_S.OPEN, _W.SAY_END): _S.ENDED_HERE,
    (_S.OPEN, _W.HEAR_END): _S.ENDED_THERE,
    (_S.OPEN, _W.SAY_RESET): _S.GONE,
    (_S.OPEN, _W.HEAR_RESET): _S.GONE,
    (_S.ENDED_HERE, _W.HEAR_DATA): _S.ENDED_HERE,
    (_S.ENDED_HERE, _W.HEAR_WINDOW): _S.ENDED_HERE,  # granted before they heard of our end
    (_S.ENDED_HERE, _W.HEAR_END): _S.GONE,
    (_S.ENDED_HERE, _W.SAY_RESET): _S.GONE,
    (_S.ENDED_HERE, _W.HEAR_RESET): _S.GONE,
    (_S.ENDED_THERE, _W.HEAR_WINDOW): _S.ENDED_THERE,
    (_S.ENDED_THERE, _W.SAY_END): _S.GONE,
    (_S.ENDED_THERE, _W.SAY_RESET): _S.GONE,
    (_S.ENDED_THERE, _W.HEAR_RESET): _S.GONE,
}
READS = frozenset({State.OPEN, State.ENDED_HERE})  # their bytes may come
WRITES = frozenset({State.OPEN, State.ENDED_THERE})  # ours may go


@dataclass(eq=False)
class Connection:
    id: int
    state: State
    credit: int = START  # bytes that may still be said
    window: int = START  # bytes that they may have under way to us
    granted: int = START  # of those, not used yet
    owed: int = 0  # written and gone, not granted again
    smooth: int = 0  # bytes that the socket took at once since the window last grew


class Table:
    """All connections of one end. `first`: the least id that this end gives, 1 for the technician's and 2 for the
    agent's; the other end gives the others."""

    def __init__(self, first: int) -> None:
        self._next, self._theirs = first, 3 - first
        self._by_id: dict[int, Connection] = {}
        self._windows = 0  # bytes, all together

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def full(self) -> bool:
        return len(self._by_id) >= CONNECTIONS

    def ask(self) -> Connection:
        """A connection that this end asks for."""
        made = self._add(self._next, State.ASKING)
        self._next += 2
        return made

    def asked(self, id: int) -> Connection:
        """The other end asks for one. Raises PeerBroke for an id that is not the next."""
        if id != self._theirs:
            raise PeerBroke("The other end gave a connection the wrong number.")
        self._theirs += 2
        return self._add(id, State.ANSWERING)

    def heard(self, id: int, word: Word) -> Connection | None:
        """The connection that `word` is about, moved on; None when it has ended before. Raises PeerBroke."""
        connection = self._by_id.get(id)
        if connection is None:
            if 0 < id < (self._next if id % 2 == self._next % 2 else self._theirs):
                return None
            raise PeerBroke("The other end spoke of a connection that never was.")
        self._move(connection, word)
        return connection

    def say(self, connection: Connection, word: Word) -> bool:
        """Move on by what this end says; False when there is nobody left to say it to."""
        if (connection.state, word) not in TABLE:
            return False
        self._move(connection, word)
        return True

    def took(self, connection: Connection, size: int) -> None:
        """`size` bytes of theirs have come. Raises PeerBroke for more than was granted."""
        connection.granted -= size
        if connection.granted < 0:
            raise PeerBroke("The other end sent more on a connection than it may.")

    def grant(self, connection: Connection, unwritten: int, smooth: bool) -> int:
        """All of theirs but `unwritten` bytes is written and gone, `smooth` if the socket took it at once; how many to
        grant now, 0 for none yet."""
        written = connection.window - connection.granted - connection.owed - unwritten
        connection.owed += written
        connection.smooth = connection.smooth + written if smooth else 0
        if connection.owed < connection.window // 4 or connection.state not in READS:
            return 0
        more = connection.owed
        grows = connection.window if connection.window < LARGEST else 0
        if connection.smooth >= connection.window and grows and self._windows + grows <= BUDGET:
            self._windows += grows
            connection.window += grows
            connection.smooth = 0
            more += grows
        connection.owed = 0
        connection.granted += more
        return more

    def credited(self, connection: Connection, size: int) -> None:
        """The other end grants `size` bytes more. Raises PeerBroke for what is no such number."""
        if not 0 < size <= MAX_CREDIT or connection.credit + size > MAX_CREDIT:
            raise PeerBroke("The other end granted a number of bytes that is none.")
        connection.credit += size

    def _add(self, id: int, state: State) -> Connection:
        made = self._by_id[id] = Connection(id, state)
        self._windows += made.window
        return made

    def _move(self, connection: Connection, word: Word) -> None:
        state = TABLE.get((connection.state, word))
        if state is None:
            raise PeerBroke("The other end spoke out of turn on a connection.")
        connection.state = state
        if state is State.GONE:
            del self._by_id[connection.id]
            self._windows -= connection.window
