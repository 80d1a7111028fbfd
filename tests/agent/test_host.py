"""The agent's life at a real relay in this process: codes, knocks, reconnection, the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rs_agent import host as hosts
from rs_agent.consent import Matter
from rs_agent.host import Host, Identity
from rs_agent.journal import NoJournal
from rs_agent.session.plan import Plan
from rs_relay.channels import chat, party
from rs_relay.channels.chat import Line, Say, Since
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.errors import NotAllowed, RsError, SessionEnded, Unreachable, WrongCode
from rs_relay.link import codes, dial, keys
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.codes import Code
from rs_relay.link.dial import Relay
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.link import Link
from rs_relay.link.spec import Permission
from tests.support.customer import FakeDesktop, FakeFace, until
from tests.support.relay import RelayUnderTest, running_relay


class Bench:
    def __init__(self, relay: RelayUnderTest, folder: Any, yes: set[Permission] | None = None) -> None:
        self.url = relay.url
        self.face = FakeFace(yes)
        self.host = Host(Relay(relay.url), Plan("Ada's PC", folder), FakeDesktop(), self.face, NoJournal())
        self.face.open(self.host)  # type: ignore[arg-type]  # all of Actions but stop
        self.life: asyncio.Task[None] | None = None

    def start(self, typed: Code | None = None) -> None:
        self.life = asyncio.create_task(self.host.run(typed))

    async def code(self, number: int = 1) -> Code:
        await until(lambda: len(self.face.codes) >= number or (self.life and self.life.done()))
        return codes.parse(self.face.codes[number - 1])

    async def join(self, code: Code) -> tuple[Link, Opened]:
        """A technician who was read `code`."""
        control, welcome = await dial.control(Relay(self.url))
        async with control:
            ticket = await control.join(code.slot)
        socket = await dial.attach(Relay(self.url), ticket.ticket)
        opened = await dial.join(socket, code, ticket.link, Role.TECHNICIAN, welcome.name)
        return started(opened, socket), opened

    async def again(self, facts: Any, key: bytes) -> Link:
        """The same technician, by the session's key."""
        control, _ = await dial.control(Relay(self.url))
        async with control:
            ticket = await control.knock(facts.host, facts.door)
        socket, opened = await dial.reopen(Relay(self.url), ticket.ticket, key)
        return started(opened, socket)

    async def stop(self) -> None:
        await self.host.stop("You ended it.")
        if self.life is not None:
            await asyncio.wait_for(self.life, 10)


def started(opened: Opened, socket: dial.RecordSocket) -> Link:
    link = Link(opened, Role.TECHNICIAN, socket)
    link.start()
    return link


@asynccontextmanager
async def bench(folder: Any, yes: set[Permission] | None = None, **relay: Any) -> AsyncIterator[Bench]:
    async with running_relay(**relay) as running:
        it = Bench(running, folder, yes)
        try:
            yield it
        finally:
            if it.life is not None and not it.life.done():
                await it.stop()


async def says(link: Link, text: str) -> None:
    """A chat line makes it to the customer and back."""
    talk = await link.open(chat.SPEC)
    await talk.send(Since())
    await talk.send(Say(text, text))
    async with asyncio.timeout(10):
        while True:
            heard = await talk.receive()
            if isinstance(heard, Line) and heard.text == text:
                return


def wrong(code: Code) -> Code:
    return Code(code.slot, f"{(int(code.secret) + 1) % 10**6:06d}")


async def test_a_code_is_shown_and_opens_a_session_once(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        code = await b.code()
        link, _ = await b.join(code)
        facts = await link.facts()
        assert facts.name == "Ada's PC"
        await says(link, "hello")
        assert b.face.now.session
        with pytest.raises(RsError):
            await b.join(code)
        assert len(b.face.codes) == 1
        link.abort()


async def test_further_links_by_the_sessions_key(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        link, opened = await b.join(await b.code())
        facts = await link.facts()
        second = await b.again(facts, opened.resume)
        await says(second, "from another process")
        link.abort()
        await says(second, "still here")
        second.abort()
        await until(lambda: not b.face.now.connected)
        third = await b.again(facts, opened.resume)
        await says(third, "and back")
        with pytest.raises(RsError):
            await b.again(facts, bytes(32))
        third.abort()


async def test_three_wrong_secrets_retire_the_code_and_a_new_one_is_shown(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        code = await b.code()
        for _ in range(codes.MAX_WRONG):
            with pytest.raises(WrongCode):
                await b.join(wrong(code))
        new = await b.code(2)
        assert new != code
        with pytest.raises(RsError):
            await b.join(code)
        link, _ = await b.join(new)
        await says(link, "hello")
        assert len([n for n in b.face.notices if "wrong code" in n]) == codes.MAX_WRONG
        assert not any(code.secret in text for text in b.face.notices)
        link.abort()


async def test_a_wrong_secret_then_the_right_one(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        code = await b.code()
        with pytest.raises(WrongCode):
            await b.join(wrong(code))
        link, _ = await b.join(code)
        await says(link, "hello")
        link.abort()


async def test_an_unused_code_expires_and_a_new_one_is_shown(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "LIFETIME", 0.2)
    async with bench(tmp_path) as b:
        shown = b.face.code

        def code(spoken: str, minutes: int) -> None:
            monkeypatch.setattr(codes, "LIFETIME", 900.0)  # the next one's
            shown(spoken, minutes)

        monkeypatch.setattr(b.face, "code", code)
        b.start()
        first = await b.code()
        second = await b.code(2)
        assert first != second
        with pytest.raises(RsError):
            await b.join(first)
        link, _ = await b.join(second)
        link.abort()


async def test_somebody_who_knocks_and_says_nothing_does_not_block_the_code(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        code = await b.code()
        control, _ = await dial.control(Relay(b.url))
        async with control:
            ticket = await control.join(code.slot)
        silent = await dial.attach(Relay(b.url), ticket.ticket)
        link, _ = await b.join(code)
        await says(link, "hello")
        silent.abort()
        link.abort()


async def test_no_relay_is_said_at_once(tmp_path: Any) -> None:
    face = FakeFace()
    host = Host(Relay("ws://127.0.0.1:9"), Plan("x", tmp_path), FakeDesktop(), face, NoJournal())
    with pytest.raises(Unreachable):
        await asyncio.wait_for(host.run(), 10)
    assert face.codes == []


async def held(url: str, code_shown: Callable[[Code], None], attempts: Attempts) -> Awaitable[Link]:
    """A technician who makes a code and waits for the customer to type it."""
    control, _ = await dial.control(Relay(url))
    slot = await control.ask_slot()
    code = Code(slot.slot, codes.make_secret())
    code_shown(code)

    async def wait() -> Link:
        async with control:
            async for knock in control.knocks():
                socket = await dial.attach(Relay(url), knock.ticket)
                try:
                    opened = await dial.hold(socket, code.secret, attempts, knock.link, Role.TECHNICIAN)
                except WrongCode:
                    continue
                return started(opened, socket)
        raise Unreachable("the relay went away")

    return asyncio.create_task(wait())


async def test_the_customer_types_the_technicians_code(tmp_path: Any) -> None:
    async with bench(tmp_path, set()) as b:
        shown: list[Code] = []
        holding = await held(b.url, shown.append, Attempts())
        b.start(shown[0])
        link = await asyncio.wait_for(holding, 10)
        await says(link, "hello")
        assert b.face.codes == []
        with pytest.raises(NotAllowed):
            await link.open(CONTROL)
        link.abort()


async def test_a_typed_code_that_is_wrong(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        shown: list[Code] = []
        holding = await held(b.url, shown.append, Attempts())
        with pytest.raises(WrongCode):
            await asyncio.wait_for(b.host.run(wrong(shown[0])), 20)
        asyncio.ensure_future(holding).cancel()


async def test_the_relay_restarts_during_a_session(tmp_path: Any) -> None:
    async with running_relay() as first:
        port = int(first.url.rsplit(":", 1)[1])
        b = Bench(first, tmp_path)
        b.start()
        link, opened = await b.join(await b.code())
        facts = await link.facts()
    await asyncio.wait_for(link.ended, 10)
    await until(lambda: any("lost" in n for n in b.face.notices))
    assert not b.host.session.ended.done()  # type: ignore[union-attr]
    from rs_relay.server.config import Address

    async with running_relay(listen=(Address("127.0.0.1", port),)):
        await until(lambda: any("back" in n for n in b.face.notices), 30)
        again = await b.again(facts, opened.resume)
        await says(again, "after the restart")
        again.abort()
        await b.stop()


async def test_the_relay_restarts_while_a_code_is_on_show(tmp_path: Any) -> None:
    from rs_relay.server.config import Address

    async with running_relay() as first:
        port = int(first.url.rsplit(":", 1)[1])
        b = Bench(first, tmp_path)
        b.start()
        await b.code()
    async with running_relay(listen=(Address("127.0.0.1", port),)):
        link, _ = await b.join(await b.code(2))
        await says(link, "hello")
        link.abort()
        await b.stop()


async def test_a_lost_connection_keeps_the_code(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        conversations: list[dial.Conversation] = []
        real = dial.host

        async def remembered(*arguments: Any) -> Any:
            conversation, welcome = await real(*arguments)
            conversations.append(conversation)
            return conversation, welcome

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hosts.dial, "host", remembered)
            b.start()
            code = await b.code()
            conversations[0]._connection.transport.abort()
            await until(lambda: any("back" in n for n in b.face.notices), 30)
            link, _ = await b.join(code)
            await says(link, "hello")
            assert len(b.face.codes) == 1
            link.abort()
            await b.stop()


async def test_stop_ends_the_session_and_the_key(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        link, opened = await b.join(await b.code())
        facts = await link.facts()
        await b.stop()
        assert await asyncio.wait_for(link.ended, 10) is None  # told, not just cut
        assert b.host.session is not None
        assert b.host.session.find(keys.rid(opened.resume)) is None
        assert b.face.summaries
        with pytest.raises(RsError):
            await b.again(facts, opened.resume)


async def test_stop_before_anybody_came(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        code = await b.code()
        await b.stop()
        assert b.face.summaries == []
        with pytest.raises(RsError):
            await b.join(code)


async def test_a_session_that_has_ended_is_ended_for_whoever_knocks(tmp_path: Any) -> None:
    """The host is still present (it is just leaving): the key opens nothing any more."""
    async with bench(tmp_path) as b:
        b.start()
        link, opened = await b.join(await b.code())
        facts = await link.facts()
        assert b.host.session is not None
        b.host.session.party.dismiss(next(iter(b.host.session.party)))
        with pytest.raises(SessionEnded):
            await b.again(facts, opened.resume)
        link.abort()


async def test_what_the_customer_allows_beforehand_is_shown_and_holds(tmp_path: Any) -> None:
    async with bench(tmp_path, set()) as b:
        b.start()
        code = await b.code()
        b.host.allow(Permission.CONTROL)
        b.host.allow(Permission.VIEW)
        b.host.withdraw([Permission.VIEW])
        assert b.face.now.granted == {Permission.CONTROL}
        link, _ = await b.join(code)
        await link.open(CONTROL)
        assert b.face.questions == []
        link.abort()


async def test_nothing_is_left_running(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        await asyncio.sleep(0.05)
        before = asyncio.all_tasks()
        b.start()
        link, _ = await b.join(await b.code())
        await says(link, "hello")
        await b.stop()
        link.abort()
        await until(lambda: not {t for t in asyncio.all_tasks() - before if "rs_agent" in repr(t.get_coro())})


def test_an_identity_is_new_each_time_and_hides_its_keys() -> None:
    a, b = Identity(), Identity()
    assert len({a.host, b.host, a.rejoin, b.rejoin, a.door, b.door}) == 6
    assert a.door not in repr(a)
    assert a.rejoin not in repr(a)
    assert a.door not in str(a.hello("x"))


# --- a second technician ---


async def invited(b: Bench, link: Link) -> tuple[Any, party.Code]:
    """The code that `link`'s technician got, and the channel on which they hear more."""
    channel = await link.open(party.SPEC)
    await channel.send(party.Invite())
    await until(lambda: b.face.on_show is not None)
    assert b.face.on_show is not None
    assert b.face.on_show.permission is Matter.INVITE
    b.host.answer(b.face.on_show.number, True)
    async with asyncio.timeout(10):
        code = await channel.receive()
    assert isinstance(code, party.Code)
    return channel, code


async def test_a_second_technician_joins_with_a_key_of_their_own(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        first, opened = await b.join(await b.code())
        channel, code = await invited(b, first)
        assert len(b.face.codes) == 1  # the customer is not shown it
        assert 0 < code.seconds <= codes.LIFETIME
        second, theirs = await b.join(codes.parse(code.code))
        facts = await second.facts()
        came = await channel.receive()
        assert (came.number, came.name) == (2, "an unknown technician (2)")
        assert theirs.resume != opened.resume
        await says(second, "hello from the second")
        with pytest.raises(RsError):
            await b.join(codes.parse(code.code))  # single use
        again = await b.again(facts, theirs.resume)
        await says(again, "and from another program")
        b.host.remove("2")
        await asyncio.wait_for(again.ended, 10)
        await asyncio.wait_for(second.ended, 10)
        with pytest.raises(SessionEnded):
            await b.again(facts, theirs.resume)
        await says(first, "the first one goes on")
        await says(await b.again(facts, opened.resume), "with further links, too")


async def test_an_invitations_code_is_void_after_three_wrong_ones(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        first, _ = await b.join(await b.code())
        channel, told = await invited(b, first)
        code = codes.parse(told.code)
        for left in (2, 1):
            with pytest.raises(WrongCode):
                await b.join(wrong(code))
            assert await channel.receive() == party.Wrong(left)
        with pytest.raises(WrongCode):
            await b.join(wrong(code))
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert isinstance(closed.value.error, WrongCode)
        with pytest.raises(RsError):
            await b.join(code)
        assert len(b.face.codes) == 1
        channel, told = await invited(b, first)  # and a new one may be asked for
        (await b.join(codes.parse(told.code)))[0].abort()


async def test_an_invitation_that_is_not_used_in_time(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path) as b:
        b.start()
        first, _ = await b.join(await b.code())
        monkeypatch.setattr(codes, "LIFETIME", 0.3)
        channel, told = await invited(b, first)
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert isinstance(closed.value.error, WrongCode)
        with pytest.raises(RsError):
            await b.join(codes.parse(told.code))


async def test_an_invitation_ends_with_its_channel(tmp_path: Any) -> None:
    async with bench(tmp_path) as b:
        b.start()
        first, _ = await b.join(await b.code())
        channel, told = await invited(b, first)
        await channel.close()
        await until(lambda: b.host._guest is None)
        with pytest.raises(RsError):
            await b.join(codes.parse(told.code))


async def test_nobody_is_invited_without_the_customers_yes(tmp_path: Any) -> None:
    async with bench(tmp_path, set()) as b:
        b.start()
        first, _ = await b.join(await b.code())
        channel = await first.open(party.SPEC)
        await channel.send(party.Invite())
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert isinstance(closed.value.error, NotAllowed)
        assert b.host._guest is None


async def test_who_was_taken_out_while_their_link_was_made_gets_none(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was good when the handshake began, and is void when it is over."""
    async with bench(tmp_path) as b:
        b.start()
        first, _ = await b.join(await b.code())
        _, code = await invited(b, first)
        second, theirs = await b.join(codes.parse(code.code))
        facts = await second.facts()
        real = dial.readmit

        async def slow(*arguments: Any) -> Opened:
            opened = await real(*arguments)
            b.host.remove("2")
            return opened

        monkeypatch.setattr(hosts.dial, "readmit", slow)
        link = await b.again(facts, theirs.resume)
        await asyncio.wait_for(link.ended, 10)
        await says(first, "still here")
