"""Two ends of a link, joined in memory: as sans-I/O cores, or as live links over a socket that is only a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from rs_relay.link.handshake import Attempts, Holder, Joiner, Opened, Role
from rs_relay.link.link import Facts, Link
from rs_relay.link.session import LinkSession

SESSION = bytes(range(16))
SECRET = "915733"
FACTS = Facts("0" * 32, "1" * 64, "ada's laptop")


def opened_pair(joiner: Role = Role.TECHNICIAN) -> tuple[Opened, Opened]:
    """(technician's, agent's) outcome of an honest handshake."""
    i = Joiner(SECRET, SESSION, joiner, "alice")
    r = Holder(SECRET, SESSION, Role.AGENT if joiner is Role.TECHNICIAN else Role.TECHNICIAN, Attempts())
    proof = i.receive(r.receive(i.start()))
    i.receive(r.receive(proof or b""))
    if i.opened is None or r.opened is None:
        raise RuntimeError("an honest handshake did not finish")
    return (i.opened, r.opened) if joiner is Role.TECHNICIAN else (r.opened, i.opened)


def cores() -> tuple[LinkSession, LinkSession]:
    technician, agent = opened_pair()
    return LinkSession(technician, Role.TECHNICIAN, 0.0), LinkSession(agent, Role.AGENT, 0.0)


def drain(end: LinkSession, limit: int = 256 * 1024) -> list[bytes]:
    """Every record that `end` has to send now."""
    records = []
    while made := end.next_record(0.0, limit):
        records.append(bytes(made[0]))
    return records


@dataclass
class MemorySocket:
    """Carries records to its `peer`. At most `room` of them wait; `cut` makes both ends see a reset."""

    headroom = 0
    room: int = 4
    inbox: asyncio.Queue[bytes | None] = field(init=False)
    peer: MemorySocket | None = None
    broken: bool = False
    carried: list[bytes] = field(default_factory=list)  # what this end sent, as a relay would see it

    def __post_init__(self) -> None:
        self.inbox = asyncio.Queue(self.room)

    async def send(self, data: bytes | bytearray, headroom: int = 0) -> None:
        if self.broken or self.peer is None:
            raise ConnectionResetError
        self.carried.append(bytes(data))
        await self.peer.inbox.put(bytes(data))

    async def receive(self) -> bytes:
        if self.broken and self.inbox.empty():
            raise ConnectionResetError
        data = await self.inbox.get()
        if data is None:
            raise ConnectionResetError
        return data

    async def each(self, heard: Callable[[bytes], None]) -> None:
        while True:
            heard(await self.receive())

    def keep_unsent(self, size: int) -> None:
        pass  # nothing waits anywhere but in `inbox`

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        for end in (self, self.peer):
            if end and not end.broken:
                end.broken = True
                # wake whoever waits; what was already carried may still be read by the peer
                if end.inbox.full() and end is self:
                    end.inbox.get_nowait()
                if not end.inbox.full():
                    end.inbox.put_nowait(None)


def socket_pair() -> tuple[MemorySocket, MemorySocket]:
    a, b = MemorySocket(), MemorySocket()
    a.peer, b.peer = b, a
    return a, b


def joined_links() -> tuple[Link, Link]:
    """(technician's, agent's) live links, started. End them with `close` or `abort`."""
    a, b = socket_pair()
    technician, agent = opened_pair()
    links = Link(technician, Role.TECHNICIAN, a), Link(agent, Role.AGENT, b)
    links[0].start()
    links[1].start(FACTS)
    return links
