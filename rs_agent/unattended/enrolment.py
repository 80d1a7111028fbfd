"""What a device keeps so that technicians may come in when nobody is there: one file, 0600, whole or not at all.

Law: nothing in it opens this device. Of the access code there is the verifier only (`rs_relay/link/verifier.py`), of a
technician their public key. It is read again at each knock, so what its owner changes holds for the next one.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rs_agent.desktop.wayland import memory
from rs_agent.language import N_
from rs_agent.machine.disk import drop, keep
from rs_agent.unattended import hours, identity, tries
from rs_relay.errors import LocalProblem, NoSuchSession
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import Known
from rs_relay.link.verifier import Cost, Verifier, make

FILE = "unattended.json"
TECHNICIANS = 64  # enrolled at one device
GRANTED = frozenset({Permission.VIEW, Permission.CONTROL})  # where its owner says nothing


class Technician(msgspec.Struct, frozen=True):
    name: str
    key: str  # hex
    added: float  # Unix time


class Settings(msgspec.Struct, frozen=True):
    """What its owner set. A session of this device has these permissions and can ask for no others."""

    permissions: tuple[Permission, ...] = tuple(sorted(GRANTED))
    hours: str = ""  # see `hours`; '' for always
    ask_first: bool = False  # where somebody is logged in, they are asked as in a session with a code
    lock_on_end: bool = True
    known_only: bool = False  # only technicians who were enrolled; the right code alone does not do


class Record(msgspec.Struct, frozen=True):
    v: int
    host: str  # this device's name at the relay, for good
    rejoin: str  # proves to the relay, and to it alone, that it is the same device
    salt: str
    m: int
    t: int
    p: int
    w: str
    created: float
    relay: str
    settings: Settings = Settings()
    technicians: tuple[Technician, ...] = ()

    def __repr__(self) -> str:
        return f"Record(host={self.host!r})"

    @property
    def verifier(self) -> Verifier:
        return Verifier(bytes.fromhex(self.salt), Cost(self.m, self.t, self.p), bytes.fromhex(self.w))

    @property
    def proof(self) -> str:
        """What the relay is given to know `rejoin` by."""
        return hashlib.sha256(bytes.fromhex(self.rejoin)).hexdigest()

    def technician(self, key: bytes) -> Technician | None:
        return next((t for t in self.technicians if t.key == key.hex()), None)

    def admits(self, known: Known) -> bool:
        return not self.settings.known_only or self.technician(known.key) is not None


class Unattended:
    """The file of `state`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._file = state / FILE

    def read(self) -> Record | None:
        """None while unattended access is off. Raises LocalProblem."""
        data = identity.read_private(self._file)
        if data is None:
            return None
        try:
            record = msgspec.json.decode(data, type=Record)
            hours.parse(record.settings.hours)
            _ = record.verifier
        except (msgspec.DecodeError, ValueError) as e:
            raise _damaged() from e
        return record

    def require(self) -> Record:
        """Raises NoSuchSession while it is off."""
        record = self.read()
        if record is None:
            raise NoSuchSession(
                N_("Unattended access is off on this computer."), N_("`rs-agent unattended enable` turns it on.")
            )
        return record

    def enable(self, code: str, relay: str, settings: Settings, cost: Cost | None = None) -> Record:
        """A new device, or the same one under a new code."""
        identity.load_or_make(self.state)
        known = self.read()
        verifier = make(code, cost)
        record = Record(
            v=1,
            host=known.host if known else secrets.token_hex(16),
            rejoin=known.rejoin if known else secrets.token_hex(32),
            salt=verifier.salt.hex(),
            m=verifier.cost.memory,
            t=verifier.cost.passes,
            p=verifier.cost.lanes,
            w=verifier.w.hex(),
            created=time.time(),
            relay=relay,
            settings=settings,
            technicians=known.technicians if known else (),
        )
        self.write(record)
        return record

    def reset_code(self, code: str, cost: Cost | None = None) -> None:
        record = self.require()
        self.enable(code, record.relay, record.settings, cost)

    def enrol(self, technician: Technician) -> None:
        """From here on only enrolled technicians come in: a code alone that got about is not enough."""
        record = self.require()
        others = tuple(t for t in record.technicians if t.key != technician.key)
        if len(others) >= TECHNICIANS:
            raise LocalProblem(
                N_("This device knows as many technicians as it may."),
                N_("`rs-agent unattended forget NAME` drops one."),
            )
        settings = msgspec.structs.replace(record.settings, known_only=True)
        self.write(msgspec.structs.replace(record, technicians=(*others, technician), settings=settings))

    def forget(self, names: Iterable[str]) -> int:
        """How many technicians of these names (or fingerprints' hex keys) were dropped."""
        record, names = self.require(), set(names)
        left = tuple(t for t in record.technicians if t.name not in names and t.key not in names)
        self.write(msgspec.structs.replace(record, technicians=left))
        return len(record.technicians) - len(left)

    def change(self, settings: Settings) -> None:
        self.write(msgspec.structs.replace(self.require(), settings=settings))

    def disable(self) -> bool:
        """Everything of it is gone from the disk; whether there was anything."""
        gone = [drop(self.state / name) for name in (FILE, identity.FILE, tries.FILE, memory.FILE)]
        return any(gone)

    def write(self, record: Record) -> None:
        keep(self._file, msgspec.json.encode(record))


def _damaged() -> LocalProblem:
    return LocalProblem(
        N_("What unattended access keeps on this computer is damaged."),
        N_("`rs-agent unattended disable`, then enable it again."),
    )
