"""How many sockets, and whose. Pure.

A socket is a *stranger* until its first message was fine, is counted under its address until it has shown a token or
a ticket, and counts towards the whole until it is gone.

    enter ──▶ stranger ──identify──▶ stranger of an address ──settle──▶ known, still of that address (a host)
                                          └──────vouch──────▶ known, of no address (a technician, a link)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Technician:
    """Who has shown a token: the account, and the hash of the token (what a revocation names)."""

    name: str
    token_hash: bytes


class Admission:
    def __init__(self, *, total: int, strangers: int, per_address: int) -> None:
        self._total = total
        self._strangers_allowed = strangers
        self._per_address = per_address
        self._inside: set[int] = set()
        self._strangers: set[int] = set()
        self._address: dict[int, str] = {}
        self._of_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._inside)

    @property
    def strangers(self) -> int:
        return len(self._strangers)

    def enter(self, number: int) -> bool:
        """A new socket; False if there is no room for it (it is not counted then)."""
        if len(self._inside) >= self._total or len(self._strangers) >= self._strangers_allowed:
            return False
        self._inside.add(number)
        self._strangers.add(number)
        return True

    def identify(self, number: int, address: str) -> bool:
        """Where it comes from ('' for an address that is not limited); False if that has too many already."""
        if not address or number not in self._inside:
            return True
        self._release(number)
        if self._of_address[address] >= self._per_address:
            return False
        self._address[number] = address
        self._of_address[address] += 1
        return True

    def settle(self, number: int) -> None:
        self._strangers.discard(number)

    def vouch(self, number: int) -> None:
        self._strangers.discard(number)
        self._release(number)

    def leave(self, number: int) -> None:
        self._inside.discard(number)
        self.vouch(number)

    def _release(self, number: int) -> None:
        address = self._address.pop(number, "")
        if address:
            self._of_address[address] -= 1
            if self._of_address[address] <= 0:
                del self._of_address[address]
