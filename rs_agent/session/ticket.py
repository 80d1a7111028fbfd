"""The resume ticket: what lets an agent come back into its session after a restart, for ten minutes and once.

    keep ──▶ resume-ticket (0600, flushed, renamed) ──▶ take: read, removed, folder flushed, and only then judged

Law: who takes a ticket has removed it, on the disk too, before it is looked at; of two who take, one has it. A ticket
is good once (`resume-spent` remembers what was taken, against a copy put back), until its time, by a clock that was not
set back before it was written; after another boot, or when the program that wrote it has died in this one.
It holds the session's key, readable by the user alone, and is there for those minutes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from rs_agent.language import N_
from rs_agent.machine.disk import drop, keep
from rs_agent.session.party import Seat
from rs_relay.channels.consent import Grant
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission

FILE, SPENT = "resume-ticket", "resume-spent"
SET_BACK = 60.0  # seconds that a clock may be behind its own last word: time servers correct by that much
SAME = 2.0  # seconds between two readings of one process's start: it is counted from a clock that is corrected
TICKETS = 16  # remembered as spent: more restarts there are not in ten minutes


class Writer(msgspec.Struct, frozen=True):
    """The program that wrote it."""

    pid: int
    started: float


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """All texts of keys are hex. Times are the wall clock's."""

    id: str  # of the restart, as the technician named it
    relay: str
    host: str
    rejoin: str
    door: str
    key: str
    name: str  # of this computer
    folder: str
    desktop: str
    journal: bool
    who: tuple[str, ...]  # everybody who was in the session
    began: float
    grants: dict[Permission, Grant]
    granted_once: tuple[Permission, ...]
    paused: bool
    lines: int  # of chat so far
    boot_id: str
    writer: Writer
    written: float
    deadline: float
    safe_mode: bool = False
    seats: tuple[Seat, ...] = ()  # of all technicians, with a key each, who leads first

    def __repr__(self) -> str:
        return "Ticket(…)"


class Refused(Exception):
    """Why a ticket opens nothing; one sentence, to be translated."""


def me() -> Writer:
    import psutil  # 15 ms that an agent need not pay at its start

    process = psutil.Process()
    return Writer(process.pid, process.create_time())


def alive(writer: Writer) -> bool:
    import psutil

    try:
        return abs(psutil.Process(writer.pid).create_time() - writer.started) < SAME
    except psutil.Error:
        return False


def write(state: Path, ticket: Ticket) -> None:
    """Raises LocalProblem."""
    keep(state / FILE, msgspec.json.encode(ticket))


def without_grants(ticket: Ticket) -> Ticket:
    """The same session, in which nothing is granted to anybody."""
    return within(ticket, ())


def within(ticket: Ticket, permissions: Collection[Permission]) -> Ticket:
    """The same session, in which no more than these are granted to anybody."""

    def left(grants: dict[Permission, Grant]) -> dict[Permission, Grant]:
        return {permission: grant for permission, grant in grants.items() if permission in permissions}

    seats = tuple(msgspec.structs.replace(seat, grants=left(seat.grants)) for seat in ticket.seats)
    return msgspec.structs.replace(ticket, grants=left(ticket.grants), seats=seats)


def there(state: Path) -> bool:
    return (state / FILE).exists()


def look(state: Path) -> Ticket | None:
    """What is there, left where it is; None for nothing, or nothing that can be read."""
    try:
        return msgspec.json.decode((state / FILE).read_bytes(), type=Ticket)
    except (OSError, msgspec.DecodeError):
        return None


def take(state: Path, boot_id: str, now: float) -> Ticket | None:
    """The ticket, which is not there any more; None when there is none. Raises Refused, LocalProblem.

    One whose writer still runs is left to it."""
    found = look(state)
    if found is not None and found.boot_id == boot_id and alive(found.writer):
        return None
    if not drop(state / FILE):
        return None  # nobody's, or somebody was quicker
    if found is None:
        raise Refused(N_("The note about the session before the restart is damaged."))
    spent = _spent(state, now)
    judge(found, boot_id, now, spent)
    spent = dict(list(spent.items())[-TICKETS:]) | {_mark(found): found.deadline}
    keep(state / SPENT, msgspec.json.encode(spent))
    return found


def judge(ticket: Ticket, boot_id: str, now: float, spent: dict[str, float]) -> None:
    """Raises Refused. That its writer has died, where the boot is the same, has been looked at before."""
    if _mark(ticket) in spent:
        raise Refused(N_("The note about the session before the restart was used before."))
    if now < ticket.written - SET_BACK:
        raise Refused(N_("The clock of this computer was set back since the restart."))
    if now > ticket.deadline:
        raise Refused(N_("The restart took longer than the session waits."))


def forget(state: Path) -> None:
    """No ticket is left. Raises LocalProblem."""
    drop(state / FILE)


def tidy(state: Path, now: float) -> None:
    """What was spent and is out of date by now is forgotten, and the last of it with its file."""
    if (state / SPENT).exists() and not _spent(state, now):
        drop(state / SPENT)


def _spent(state: Path, now: float) -> dict[str, float]:
    try:
        known = msgspec.json.decode((state / SPENT).read_bytes(), type=dict[str, float])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as e:
        raise LocalProblem(f"{SPENT} cannot be read.", str(state)) from e
    return {mark: until for mark, until in known.items() if until > now}


def _mark(ticket: Ticket) -> str:
    return hashlib.sha256(f"{ticket.id} {ticket.rejoin} {ticket.written}".encode()).hexdigest()
