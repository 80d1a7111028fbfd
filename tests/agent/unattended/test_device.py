"""A device at a real relay in this process: who is let in, who is not, and what its owner reads of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_agent.journal import FILE as JOURNAL
from rs_agent.journal import Journal
from rs_agent.session.plan import Plan
from rs_agent.unattended import identity
from rs_agent.unattended.device import Device, Here
from rs_agent.unattended.enrolment import Settings, Technician, Unattended
from rs_relay.channels import chat
from rs_relay.channels.chat import Line, Say, Since
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.channels.control.messages import Type
from rs_relay.channels.unattended import Enrol
from rs_relay.errors import NoSuchSession, NotAllowed, PeerBroke, RsError, SessionEnded, Unreachable, WrongCode
from rs_relay.link import dial
from rs_relay.link.dial import Relay
from rs_relay.link.handshake import Role
from rs_relay.link.link import Link
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import fingerprint
from rs_relay.link.verifier import SMALL
from rs_relay.link.visiting import visit
from tests.support.customer import FakeDesktop, FakeFace, until
from tests.support.devices import STRANGER_KEY, TECHNICIAN, TECHNICIAN_KEY
from tests.support.hostile_technician import HostileTechnician
from tests.support.relay import running_relay

CODE = "correct horse 42"


class Bench:
    """One device that waits; `now`, `occupied` and `locked` are this computer's."""

    def __init__(self, url: str, folder: Path, settings: Settings) -> None:
        self.url, self.folder = url, folder
        self.now = datetime(2026, 11, 23, 12)
        self.occupied = False
        self.locked = 0
        self.face, self.desktop = FakeFace(), FakeDesktop()
        self.kept = Unattended(folder)
        self.kept.enable(CODE, url, settings, SMALL)
        self.journal = Journal(folder)
        self.device: Device
        self.life: asyncio.Task[None] | None = None

    async def start(self) -> None:
        key = identity.load_or_make(self.folder)
        here = Here(lambda: self.now, lambda: self.occupied, self._lock)
        plan = Plan("till", self.folder / "in")
        relay = Relay(self.url)
        self.device = Device(relay, plan, self.desktop, self.face, self.journal, self.kept, key, here)
        self.face.open(self.device)  # type: ignore[arg-type]  # all of Actions but stop
        self.life = asyncio.create_task(self.device.run())
        await until(lambda: self.face.notices or (self.life and self.life.done()))
        async with self.control() as control:
            await control.enrol(self.record.host, self.record.proof, "till")

    def _lock(self) -> bool:
        self.locked += 1
        return True

    @property
    def record(self) -> Any:
        return self.kept.require()

    @property
    def written(self) -> str:
        return (self.folder / JOURNAL).read_text()

    @asynccontextmanager
    async def control(self) -> AsyncIterator[dial.Conversation]:
        conversation, _ = await dial.control(Relay(self.url))
        async with conversation:
            yield conversation

    async def visit(
        self, code: str = CODE, key: Ed25519PrivateKey = TECHNICIAN_KEY, pin: bytes | None = None
    ) -> tuple[Link, bytes]:
        """(link, the session's key)"""
        async with self.control() as control:
            ticket = await control.knock_device(self.record.host)
        socket = await dial.attach(Relay(self.url), ticket.ticket)
        pin = identity.load_or_make(self.folder).public_key().public_bytes_raw() if pin is None else pin
        opened = await visit(socket, code, ticket.link, "alice", key, pin)
        link = Link(opened, Role.TECHNICIAN, socket)
        link.start()
        return link, opened.resume


@asynccontextmanager
async def bench(folder: Path, settings: Settings = Settings()) -> AsyncIterator[Bench]:  # noqa: B008
    async with running_relay() as relay:
        it = Bench(relay.url, folder, settings)
        await it.start()
        try:
            yield it
        finally:
            await it.device.stop("The test is over.")
            if it.life is not None:
                await asyncio.wait_for(it.life, 10)
            it.journal.close()


async def _says(link: Link, text: str) -> None:
    talk = await link.open(chat.SPEC)
    await talk.send(Since())
    await talk.send(Say(text, text))
    async with asyncio.timeout(10):
        while True:
            heard = await talk.receive()
            if isinstance(heard, Line) and heard.text == text:
                return


async def test_the_code_opens_a_session_with_what_was_set_and_nothing_else(tmp_path: Path) -> None:
    async with bench(tmp_path, Settings(permissions=(Permission.VIEW,))) as b:
        link, _ = await b.visit()
        facts = await link.facts()
        assert facts.host == b.record.host
        await _says(link, "hello")
        assert b.face.now.granted == {Permission.VIEW}
        assert b.face.now.connected == ("alice",)
        assert any("alice is here" in notice for notice in b.face.notices)
        with pytest.raises(NotAllowed):
            await link.open(CONTROL)
        assert b.face.questions == []
        assert fingerprint(TECHNICIAN) in b.written
        assert b.face.codes == []
        assert CODE not in b.written


async def test_a_technicians_program_that_ignores_refusals_moves_nothing(tmp_path: Path) -> None:
    """Patched to talk on channels that were refused, or never asked for: the device's own table decides."""
    async with bench(tmp_path, Settings(permissions=(Permission.VIEW,))) as b:
        link, _ = await b.visit()
        await link.facts()
        hostile = HostileTechnician(link)
        key = msgspec.msgpack.encode(Type("rm"))
        with pytest.raises(NotAllowed):
            await hostile.open(CONTROL)
        hostile.unasked("control", key)
        hostile.unasked("unattended", msgspec.msgpack.encode(Enrol(b"m" * 32)))
        hostile.unasked("exec", b"\x80")
        ended = asyncio.ensure_future(asyncio.shield(link.ended))
        await asyncio.wait({ended}, timeout=0.5)  # cut off or not: nothing was done
        assert b.desktop.the_hands.acts == []
        assert b.record.technicians == ()
        assert b.face.questions == []


async def test_who_sits_there_ends_it_and_the_screen_is_locked(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link, _ = await b.visit()
        await link.facts()
        await b.device.stop("You ended it.")
        error = await asyncio.wait_for(link.ended, 10)
        assert error is None or isinstance(error, RsError)
        await until(lambda: b.locked == 1)


async def test_a_further_link_comes_by_the_sessions_key(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link, key = await b.visit()
        facts = await link.facts()
        link.abort()
        async with b.control() as control:
            ticket = await control.knock(facts.host, facts.door)
        socket, opened = await dial.reopen(Relay(b.url), ticket.ticket, key)
        again = Link(opened, Role.TECHNICIAN, socket)
        again.start()
        await _says(again, "back")


async def test_wrong_codes_are_shown_written_down_and_limited_over_restarts(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(WrongCode):
            await b.visit("wrong horse 42")
        await until(lambda: "an unknown technician typed a wrong access code." in b.face.notices)
        assert '"wrong-access-code"' in b.written
        with pytest.raises(Unreachable, match="2 s"):
            await b.visit()
        await b.device.stop("Restart.")
        await asyncio.wait_for(b.life, 10)  # type: ignore[arg-type]
        await b.start()
        with pytest.raises(Unreachable, match="s"):
            await b.visit()
        assert "horse" not in b.written


async def test_fifty_connections_with_the_stolen_relay_get_one_look(tmp_path: Path) -> None:
    """Whoever has all that the relay has can knock as they like; the device still counts."""
    async with bench(tmp_path) as b:
        looked_at: list[object] = []

        async def guess(n: int) -> None:
            try:
                await b.visit(f"guess number {n}")
            except WrongCode as e:
                looked_at.append(e)
            except RsError:
                pass
            else:
                raise AssertionError("a guess opened the device")

        await asyncio.gather(*(guess(n) for n in range(50)))
        assert len(looked_at) == 1
        assert b.device.session is None
        assert sum("wrong access code" in notice for notice in b.face.notices) <= 2


async def test_a_technician_who_is_not_enrolled_needs_more_than_the_code(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.kept.enrol(Technician("Alice of Example", TECHNICIAN.hex(), 0.0))
        with pytest.raises(WrongCode):
            await b.visit(key=STRANGER_KEY)
        await until(lambda: any("is not known to this computer" in notice for notice in b.face.notices))
        assert fingerprint(STRANGER_KEY.public_key().public_bytes_raw()) in b.written
        b.device._tries.right()
        link, _ = await b.visit()
        await link.facts()
        assert b.face.now.connected == ("Alice of Example",)  # as enrolled, whatever they call themselves now
        b.kept.forget(["Alice of Example"])
        with pytest.raises(WrongCode):
            await b.visit()


async def test_another_device_under_its_name_gets_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(PeerBroke, match="Another device"):
            await b.visit(pin=b"p" * 32)
        link, _ = await b.visit()  # it was no try
        await link.facts()


async def test_outside_the_hours_and_while_another_is_in(tmp_path: Path) -> None:
    async with bench(tmp_path, Settings(hours="mon-fri 08:00-18:00")) as b:
        b.now = datetime(2026, 11, 28, 12)
        link, _ = await b.visit()
        with pytest.raises(SessionEnded, match="hours"):
            await link.facts()
        assert b.device.session is None
        b.now = datetime(2026, 11, 27, 12)
        first, _ = await b.visit()
        await first.facts()
        second, _ = await b.visit()
        with pytest.raises(SessionEnded, match="Another technician"):
            await second.facts()
        await _says(first, "still here")


async def test_who_is_logged_in_is_asked_first_where_the_owner_wants_it(tmp_path: Path) -> None:
    async with bench(tmp_path, Settings(permissions=(Permission.CONTROL,), ask_first=True)) as b:
        b.occupied = True
        link, _ = await b.visit()
        await link.facts()
        assert b.face.now.granted == frozenset()
        asking = asyncio.create_task(link.open(CONTROL))
        await until(lambda: b.face.on_show)
        assert b.face.on_show
        b.device.answer(b.face.on_show.number, False)
        with pytest.raises(NotAllowed):
            await asking


async def test_switched_off_it_answers_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        record = b.record
        b.kept.disable()
        async with b.control() as control:
            ticket = await control.knock_device(record.host)
        dialling = asyncio.create_task(dial.attach(Relay(b.url), ticket.ticket))
        _, waiting = await asyncio.wait({dialling}, timeout=0.3)
        assert waiting
        dialling.cancel()
        await asyncio.gather(dialling, return_exceptions=True)
        with pytest.raises(NoSuchSession):
            b.kept.require()


async def test_what_the_owner_changes_holds_for_the_next_session(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.kept.change(msgspec.structs.replace(b.record.settings, permissions=()))
        link, _ = await b.visit()
        await link.facts()
        with pytest.raises(NotAllowed):
            await link.open(CONTROL)
