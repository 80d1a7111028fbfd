"""What a service of this computer serves: its enrolment is handed over to it, and a session's ticket, at a restart.

    a user's program ──enrolment, on standard input──▶ `service install --take-over`, as the administrator ──▶ its state

Law: a service that runs as the administrator takes nothing from a folder or a word of another user's, but what an
administrator hands it while they install it. So it never takes the ticket of a user's own program; that one comes back
when its desktop does. One identity is at one place: what was handed over is gone from where it was.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

import msgspec

from rs_agent import journal
from rs_agent.language import N_
from rs_agent.machine.base import own_command, own_folders
from rs_agent.machine.disk import keep
from rs_agent.machine.service import service
from rs_agent.machine.service.base import RUN, Service, State
from rs_agent.unattended import identity
from rs_agent.unattended.enrolment import Record, Unattended
from rs_relay.errors import LocalProblem, RsError, UsageError

MOST = 256 * 1024  # bytes of what is handed over: 64 technicians are a sixth of it


class Handed(msgspec.Struct, frozen=True):
    record: Record
    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # of the device

    def __repr__(self) -> str:
        return "Handed(…)"


def handed_over(kept: Unattended) -> bytes:
    """What a service needs to be this device. Raises NoSuchSession while unattended access is off."""
    record, key = kept.require(), identity.load(kept.state)
    if key is None:
        raise LocalProblem(N_("The key of this device is gone."), N_("`rs-agent unattended enable` makes another."))
    return msgspec.json.encode(Handed(record, key.private_bytes_raw().hex()))


def install(chosen: Service, own: Path, handed: bytes = b"") -> None:
    """The service is there and runs. `own`: the state folder of whoever installs it, whose enrolment moves unless
    another is `handed`. Raises RsError: then all is as it was."""
    home = chosen.home or own
    new = _parsed(handed) if handed else None
    if new is None and Unattended(home).read() is None:
        if home == own or Unattended(own).read() is None:
            raise LocalProblem(
                N_("Unattended access is off: nobody could come in at a service."),
                N_("`rs-agent unattended enable` first, or `rs unattended enable SESSION` from a session."),
            )
        new = _parsed(handed_over(Unattended(own)))
    if new is not None:
        keep(home / identity.FILE, new.key.encode())
        Unattended(home).write(new.record)
    try:
        chosen.install([*own_command(), *RUN, *(() if chosen.home else own_folders())])
    except RsError:
        if new is not None:
            clear(home)
        raise
    if new is not None and not handed:
        Unattended(own).disable()


def remove(chosen: Service) -> None:
    """It is stopped, and nothing of it is left but the record of what was done. Raises LocalProblem."""
    chosen.remove()
    if chosen.home is not None:
        clear(chosen.home)


def clear(home: Path) -> None:
    """A service's state folder is gone, or holds the journal alone: whoever removes a service removes no record."""
    kept = {journal.FILE, Path(journal.FILE).with_suffix(".jsonl.1").name}
    try:
        for entry in home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in kept:
                entry.unlink()
        if not any(home.iterdir()):
            home.rmdir()
    except FileNotFoundError:
        return
    except OSError as e:
        raise LocalProblem("What the service kept cannot be removed.", f"{home}: {e.strerror}") from None


def takes_tickets(own: Path, desktop: str) -> Path | None:
    """The state folder of a service that goes on, after a restart, with a session of a program that keeps its state in
    `own` and shows `desktop`; None for none. May block for some tenths of a second.

    Where the customer has a desktop, they are to see the session come back: that is the desktop's own start."""
    if desktop != "headless":
        return None
    for user in (True, False):
        try:
            chosen = service(user)
            home = chosen.home or own
            if chosen.state() is State.RUNNING and _ours(home) and Unattended(home).read() is not None:
                return home
        except RsError:
            continue
    return None


def state_of_the_computers(own: Path) -> Path:
    """Where unattended access is set up by an administrator: in the state of the computer's service, where there is
    one, else in their `own`."""
    try:
        home = service(user=False).home
    except RsError:
        return own
    return home if home is not None and _ours(home) and (home / identity.FILE).exists() else own


def _ours(home: Path) -> bool:
    """Whether this process may keep something there."""
    return os.access(home, os.W_OK)


def _parsed(handed: bytes) -> Handed:
    if len(handed) > MOST:
        raise UsageError(N_("What was handed to the service is none of rs-agent's."), "")
    try:
        new = msgspec.json.decode(handed, type=Handed)
        _ = new.record.verifier
    except (msgspec.DecodeError, ValueError) as e:
        raise UsageError(N_("What was handed to the service is none of rs-agent's."), "") from e
    return new
