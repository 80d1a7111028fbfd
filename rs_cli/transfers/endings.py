"""What has come to its end on the board, each end once: for who follows a session in another terminal than the one
that moves its files.

A transfer that was over before the first look is history. One that is done again has another end, under its number.
"""

from __future__ import annotations

from rs_cli.transfers.board import Board
from rs_cli.transfers.record import Record, State


class Endings:
    def __init__(self, board: Board) -> None:
        """Looks at once: what is over by now is not told."""
        self._board = board
        self._known: dict[int, tuple[State, float]] = {}  # how each one that is over ended, and when
        self._going: set[int] = set()  # sessions in which something moves
        self.look()

    def look(self) -> list[Record]:
        """The transfers that ended since the last look, by number. Raises LocalProblem."""
        records = self._board.records()
        self._going = {record.session for record in records if not record.state.is_over}
        over = {record.id: record for record in records if record.state.is_over}
        new = [r for number, r in over.items() if self._known.get(number) != (r.state, r.ended)]
        self._known = {number: (record.state, record.ended) for number, record in over.items()}
        return new

    def moves(self, session: int) -> bool:
        """Whether something of that session's was on its way, or waited for its turn, at the last look."""
        return session in self._going
