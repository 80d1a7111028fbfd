"""Which devices each technician has: names, tags and groups, for a list. Nothing that opens a device.

    (technician, host) ──▶ Row      host: the device's name at the relay; proof: SHA-256 of what it proves it with

Law: who asks sees their own rows; another's device is one that does not exist. A host that anybody has enrolled is let
in under its name only with the secret behind its proof, for as long as the row stands. In memory; what changes is
handed to `keep` and `drop`, which write it down in their own time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

PER_TECHNICIAN = 5000  # devices: 2 MB


@dataclass(frozen=True)
class Row:
    technician: str  # the account; '' on an open relay
    host: str
    proof: str
    name: str
    tags: tuple[str, ...] = ()
    group: str = ""
    added: float = 0.0  # Unix time


def forget(_row: Row) -> None:
    """An open relay without a data directory keeps nothing."""


class Devices:
    def __init__(
        self, rows: Iterable[Row] = (), keep: Callable[[Row], None] = forget, drop: Callable[[Row], None] = forget
    ) -> None:
        self._rows: dict[str, dict[str, Row]] = {}  # technician, host
        self._proofs: dict[str, list[Row]] = {}  # host
        self._keep, self._drop = keep, drop
        for row in rows:
            self._put(row)

    def enrol(self, row: Row) -> str:
        """'' where it is that technician's from now on (it keeps the name that it has), else why not."""
        others = self._proofs.get(row.host, [])
        if any(not hmac.compare_digest(other.proof, row.proof) for other in others):
            return "no such device"
        mine = self._rows.get(row.technician, {})
        if row.host not in mine:
            if len(mine) >= PER_TECHNICIAN:
                return "too many"
            self._put(row)
            self._keep(row)
        return ""

    def of(self, technician: str) -> list[Row]:
        """By host."""
        mine = self._rows.get(technician, {})
        return [mine[host] for host in sorted(mine)]

    def find(self, technician: str, host: str) -> Row | None:
        return self._rows.get(technician, {}).get(host)

    def change(self, technician: str, host: str, name: str, tags: tuple[str, ...], group: str) -> bool:
        row = self.find(technician, host)
        if row is None:
            return False
        self._take(row)
        changed = replace(row, name=name, tags=tags, group=group)
        self._put(changed)
        self._keep(changed)
        return True

    def remove(self, technician: str, host: str) -> bool:
        row = self.find(technician, host)
        if row is None:
            return False
        self._take(row)
        self._drop(row)
        return True

    def only(self, technicians: Collection[str]) -> None:
        """Whose account is gone has no devices; the next one of that name begins with none."""
        for technician in set(self._rows) - set(technicians):
            for row in self.of(technician):
                self.remove(technician, row.host)

    def proves(self, host: str, rejoin: str) -> bool:
        """Whether a host may be here under that name: nobody has enrolled it, or it is the one that was."""
        rows = self._proofs.get(host)
        if not rows:
            return True
        return hmac.compare_digest(hashlib.sha256(bytes.fromhex(rejoin)).hexdigest(), rows[0].proof)

    def _put(self, row: Row) -> None:
        self._rows.setdefault(row.technician, {})[row.host] = row
        self._proofs.setdefault(row.host, []).append(row)

    def _take(self, row: Row) -> None:
        mine = self._rows[row.technician]
        del mine[row.host]
        if not mine:
            del self._rows[row.technician]
        self._proofs[row.host].remove(row)
        if not self._proofs[row.host]:
            del self._proofs[row.host]
