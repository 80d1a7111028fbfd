"""One session over real links in memory: grants guarded, withdrawn, ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_agent.feature import Context
from rs_agent.features import FEATURES, OFFERED, Entry
from rs_agent.journal import FILE, Journal
from rs_agent.session import STRIKES, Plan, Session
from rs_agent.ui.base import InForce
from rs_relay.channels import chat, consent, record
from rs_relay.channels.chat import Line, Say, Since
from rs_relay.channels.clipboard import SPEC as CLIPBOARD
from rs_relay.channels.clipboard import Get
from rs_relay.channels.consent import Ask, Goodbye, Grant, State
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.channels.control.messages import Key, Move
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, UsageError
from rs_relay.link import frames
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.frames import Kind
from rs_relay.link.link import Link
from rs_relay.link.spec import ChannelSpec, Permission, Priority
from tests.support.customer import FakeDesktop, FakeFace, until
from tests.support.two_ends import joined_links


class Bench:
    def __init__(self, folder: Path, yes: set[Permission] | None, **plan: Any) -> None:
        self.desktop, self.face = FakeDesktop(), FakeFace(yes)
        self.journal = Journal(folder)
        self.folder = folder
        self.session = Session(Plan("Ada's PC", folder, **plan), self.desktop, self.face, self.journal, "alice")
        self.face.open(self.session)  # type: ignore[arg-type]  # all of Actions but stop
        self.links: list[Link] = []

    def join(self, who: str = "alice") -> Link:
        technician, agent = joined_links()
        party = self.session.party
        self.session.attach(agent, party.named(who) or self.session.admit(who, who.encode()))
        self.links.append(technician)
        return technician

    @property
    def hands(self) -> Any:
        return self.desktop.the_hands

    def journalled(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / FILE).read_text().splitlines()]


@asynccontextmanager
async def bench(folder: Path, yes: set[Permission] | None = None, **plan: Any) -> AsyncIterator[Bench]:
    it = Bench(folder, yes, **plan)
    try:
        yield it
    finally:
        it.session.end("over")
        async with asyncio.timeout(10):
            await it.session.ended
        for link in it.links:
            link.abort()
        it.journal.close()


async def hear(channel: Channel[Any, Any], kind: type[Any] = msgspec.Struct) -> Any:
    async with asyncio.timeout(10):
        while True:
            message = await channel.receive()
            if isinstance(message, kind):
                return message


async def state(channel: Channel[Any, Any], permission: Permission, grant: Grant) -> State:
    """The first state in which `permission` is `grant`."""
    while True:
        heard: State = await hear(channel, State)
        if heard.grants[permission] is grant:
            return heard


# --- channels and grants ---


async def test_a_channel_is_asked_for_granted_and_used(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        channel = await b.join().open(CONTROL)
        await channel.send(Move(3, 4))
        await until(lambda: ("move", 3, 4) in b.hands.acts)
        assert [q.permission for q in b.face.questions] == [Permission.CONTROL]
        assert b.face.questions[0].who == "alice"
        assert b.face.now == InForce(("alice",), frozenset({Permission.CONTROL}), False, True)


async def test_a_recording_is_shown_while_it_lasts_and_ends_when_the_grant_does(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.RECORD}) as b:
        channel = await b.join().open(record.SPEC)
        await until(lambda: b.face.now.used == {Permission.RECORD})
        await channel.send(record.Begin())
        assert await hear(channel) == record.Shown()
        b.session.withdraw([Permission.RECORD])
        with pytest.raises((ChannelClosed, NotAllowed)):
            await hear(channel)
        await until(lambda: b.face.now.used == frozenset() and not b.face.now.granted)
        assert b.face.notices[-1] == "Your screen is no longer recorded."


async def test_a_refusal_says_what_was_not_allowed(tmp_path: Path) -> None:
    async with bench(tmp_path, set()) as b:
        link = b.join()
        with pytest.raises(NotAllowed, match="The customer has not allowed control"):
            await link.open(CONTROL)
        with pytest.raises(NotAllowed):
            await link.open(CONTROL)
        assert len(b.face.questions) == 1  # the second time they are not even asked
        assert b.hands.acts == []


async def test_chat_needs_no_grant(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        channel = await b.join().open(chat.SPEC)
        await channel.send(Since())
        await channel.send(Say("k", "hello"))
        assert (await hear(channel, Line)).text == "hello"
        b.session.say("hi")
        assert (await hear(channel, Line)).text == "hi"
        assert b.face.questions == []


async def test_an_unknown_channel_is_refused_and_the_link_lives_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link = b.join()
        odd: ChannelSpec[Any, Any] = ChannelSpec("teleport", None, Priority.BULK, Say, Say)
        with pytest.raises(UsageError):
            await link.open(odd)
        await link.open(chat.SPEC)


class Loud:
    """A feature that needs a permission and answers each message."""

    def __init__(self, context: Context) -> None:
        self.heard: list[Any] = []

    async def run(self, channel: Channel[Any, Any]) -> None:
        async for message in channel:
            self.heard.append(message)
            await channel.send(message)


def loud(permission: Permission) -> tuple[ChannelSpec[Any, Any], dict[str, Entry], Loud]:
    """A channel behind `permission`, as if the agent had such a feature."""
    spec: ChannelSpec[Any, Any] = ChannelSpec(f"loud-{permission}", permission, Priority.BULK, Say, Say)
    feature = Loud(None)  # type: ignore[arg-type]

    class Made(Entry):
        def spec(self) -> ChannelSpec[Any, Any]:
            return spec

        def make(self, context: Context) -> Any:
            return feature

    return spec, {spec.name: Made("", "", "", permission)}, feature


def force(link: Link, number: int, message: Any) -> None:
    """What a patched end sends: data on a channel that is refused or closed, past its own link's rules."""
    link.session._flow.own(frames.encode(Kind.DATA, number, msgspec.msgpack.encode(message)))
    link.wake()


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("how", ["refused", "withdrawn", "not offered"])
async def test_nothing_passes_without_the_grant(tmp_path: Path, permission: Permission, how: str) -> None:
    """T-28: each permission, a technician's end that ignores every refusal, and a session that goes on."""
    spec, features, feature = loud(permission)
    offered = frozenset(Permission) - ({permission} if how == "not offered" else set())
    async with bench(tmp_path, set(), features=features | FEATURES, offered=offered) as b:
        link = b.join()
        if how == "withdrawn":
            b.session.allow(permission)
            channel = await link.open(spec)
            await channel.send(Say("", "granted"))
            assert await hear(channel) == Say("", "granted")
            b.session.withdraw([permission])
        else:
            with pytest.raises(NotAllowed):
                await link.open(spec)
        await until(lambda: permission not in b.face.now.granted)
        before = len(feature.heard)
        for _ in range(10):
            force(link, 1, Say("", "not granted"))
        talk = await link.open(chat.SPEC)  # the link, and so the session, goes on
        await talk.send(Say("k", "still here"))
        await until(lambda: ("alice", "still here") in b.face.chats)
        assert len(feature.heard) == before
        assert len(b.face.questions) == (how == "refused")
        with pytest.raises(NotAllowed):
            await link.open(spec)
        assert ("refused", str(permission)) in [(e["kind"], e.get("permission")) for e in b.journalled()]


async def test_who_talks_before_the_customer_has_answered_loses_the_link(tmp_path: Path) -> None:
    spec, features, feature = loud(Permission.VIEW)
    async with bench(tmp_path, {Permission.VIEW}, features=features) as b:
        link = b.join()
        link.session.open(spec.name, spec.priority, spec.window, spec.max_message)
        force(link, 1, Say("", "not granted"))
        async with asyncio.timeout(10):
            await link.ended
        assert feature.heard == []
        assert not b.session.ended.done()


async def test_what_the_agent_says_is_guarded_as_well(tmp_path: Path) -> None:
    """A feature that goes on sending after the grant has gone sends nothing."""
    spec, features, _ = loud(Permission.VIEW)
    late: list[Exception] = []
    started = asyncio.Event()

    class Stubborn:
        async def run(self, channel: Channel[Any, Any]) -> None:
            started.set()
            try:
                await asyncio.sleep(60)
            finally:
                try:
                    await channel.send(Say("", "one more frame"))
                except (NotAllowed, ChannelClosed) as e:
                    late.append(e)

    entry = type("Made", (Entry,), {"spec": lambda self: spec, "make": lambda self, context: Stubborn()})
    features = {spec.name: entry("", "", "", Permission.VIEW)}
    async with bench(tmp_path, {Permission.VIEW}, features=features) as b:
        channel = await b.join().open(spec)
        await started.wait()
        b.session.withdraw([Permission.VIEW])
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert isinstance(closed.value.error, NotAllowed)
        await until(lambda: late)


async def test_no_input_acts_once_the_withdrawal_is_on_show(tmp_path: Path) -> None:
    """T-29"""
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        channel = await b.join().open(CONTROL)
        await channel.send(Key("shift_left", True))
        await until(lambda: b.hands.held)
        b.hands.gate.clear()
        for _ in range(1000):
            await channel.send(Key("a", True))
        b.session.withdraw([Permission.CONTROL])
        assert Permission.CONTROL in b.face.now.granted  # it is not shown before it is so
        b.hands.gate.set()
        await until(lambda: Permission.CONTROL not in b.face.now.granted)
        shown_at = len(b.hands.acts)
        assert b.hands.held == set()
        assert shown_at < 10
        await asyncio.sleep(0.1)
        assert len(b.hands.acts) == shown_at
        with pytest.raises(NotAllowed):
            async for _message in channel:
                pass


async def test_withdrawing_one_leaves_the_others(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL, Permission.CLIPBOARD}) as b:
        link = b.join()
        hands, clips = await link.open(CONTROL), await link.open(CLIPBOARD)
        b.session.withdraw([Permission.CONTROL])
        with pytest.raises(ChannelClosed):
            await hands.receive()
        await clips.send(Get())
        assert await hear(clips)


async def test_a_grant_given_beforehand_is_not_asked_for(tmp_path: Path) -> None:
    async with bench(tmp_path, set(), allow=frozenset({Permission.CONTROL})) as b:
        await b.join().open(CONTROL)
        assert b.face.questions == []
        assert b.face.now.granted == {Permission.CONTROL}


async def test_a_technician_who_gives_up_while_the_customer_thinks(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link = b.join()
        opening = asyncio.create_task(link.open(CONTROL))
        await until(lambda: b.face.on_show)
        link.abort()
        await asyncio.gather(opening, return_exceptions=True)
        await until(lambda: not b.face.now.connected)
        assert b.face.on_show is not None
        b.session.answer(b.face.on_show.number, True)
        assert Permission.CONTROL in b.face.now.granted
        await b.join().open(CONTROL)


# --- the consent channel ---


async def test_state_is_told_at_the_start_and_after_each_change(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        channel = await b.join().open(consent.SPEC)
        first = await hear(channel, State)
        assert set(first.grants.values()) == {Grant.NOT_ASKED}
        assert (first.customer, first.links, first.folder) == ("Ada's PC", 1, str(tmp_path))
        await channel.send(Ask((Permission.VIEW, Permission.FILES)))
        await state(channel, Permission.VIEW, Grant.ASKING)
        assert b.face.on_show is not None
        assert b.face.on_show.permission is Permission.VIEW
        b.session.answer(b.face.on_show.number, True)
        after = await state(channel, Permission.VIEW, Grant.GRANTED)
        assert after.grants[Permission.FILES] is Grant.ASKING
        b.session.withdraw([Permission.VIEW])
        await state(channel, Permission.VIEW, Grant.WITHDRAWN)


async def test_what_this_agent_cannot_do_is_refused_without_a_question(tmp_path: Path) -> None:
    async with bench(tmp_path, offered=OFFERED - {Permission.POWER, Permission.SHELL}) as b:
        channel = await b.join().open(consent.SPEC)
        missing = (Permission.POWER, Permission.SHELL)
        await channel.send(Ask(missing))
        heard = await state(channel, Permission.POWER, Grant.REFUSED)
        assert {heard.grants[permission] for permission in missing} == {Grant.REFUSED}
        assert b.face.questions == []
        b.session.allow(Permission.POWER)
        assert b.face.now.granted == frozenset()


async def test_what_goes_on_without_a_channel_is_shown_and_ends_when_it_is_withdrawn(tmp_path: Path) -> None:
    spec, features, feature = loud(Permission.SHELL)
    async with bench(tmp_path, features=features | FEATURES, allow=frozenset({Permission.SHELL})) as b:
        link = b.join()
        channel = await link.open(spec)
        ended = asyncio.Event()

        async def withdrawn() -> None:
            ended.set()

        feature.busy, feature.withdrawn = True, withdrawn  # type: ignore[attr-defined]
        await channel.close()
        b.session.pause(True)  # announces
        assert Permission.SHELL in b.face.now.used
        b.session.withdraw([Permission.SHELL])
        await asyncio.wait_for(ended.wait(), 10)
        await until(lambda: Permission.SHELL not in b.face.now.used)


async def test_what_is_forbidden_is_refused_with_its_reason(tmp_path: Path) -> None:
    spec, features, _ = loud(Permission.SHELL)
    offered = OFFERED - {Permission.SHELL}
    async with bench(tmp_path, features=features | FEATURES, offered=offered) as b:
        with pytest.raises(NotAllowed, match="set never to allow shell"):
            await b.join().open(spec)
        assert b.face.questions == []


async def test_everybody_who_is_there_is_shown(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.join("alice")
        second = b.join("bob")
        b.join("alice")
        assert b.face.now.connected == ("alice", "bob")
        second.abort()
        await until(lambda: b.face.now.connected == ("alice",))


async def test_the_session_outlives_its_links(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        link = b.join()
        channel = await link.open(CONTROL)
        await channel.send(Key("shift_left", True))
        await until(lambda: b.hands.held)
        link.abort()
        await until(lambda: b.face.now == InForce((), frozenset({Permission.CONTROL}), False, True))
        assert b.hands.held == set()
        assert not b.session.ended.done()
        await (await b.join().open(CONTROL)).send(Move(1, 1))
        await until(lambda: ("move", 1, 1) in b.hands.acts)
        assert len(b.face.questions) == 1


# --- hostile ends, and our own defects ---


async def test_a_broken_message_costs_the_channel_and_not_the_session(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link = b.join()
        channel = await link.open(chat.SPEC)
        link.session.send(channel._number, b"\xff\xff garbage")
        link.wake()
        with pytest.raises(ChannelClosed) as closed:
            await channel.receive()
        assert isinstance(closed.value.error, PeerBroke)
        await link.open(chat.SPEC)


async def test_an_end_that_goes_on_breaking_the_rules_loses_the_link(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link = b.join()
        for _ in range(STRIKES):
            channel = await link.open(chat.SPEC)
            link.session.send(channel._number, b"\xff")
            link.wake()
            with pytest.raises(ChannelClosed):
                await channel.receive()
        async with asyncio.timeout(10):
            await link.ended
        assert not b.session.ended.done()
        assert "cut-off" in [e["kind"] for e in b.journalled()]


@pytest.mark.parametrize("where", ["make", "run"])
async def test_a_defect_of_a_feature_stays_in_its_channel(tmp_path: Path, where: str) -> None:
    spec, features, _ = loud(Permission.VIEW)

    class Broken:
        async def run(self, channel: Channel[Any, Any]) -> None:
            raise ZeroDivisionError("an inner detail")

    def make(self: Entry, context: Context) -> Any:
        if where == "make":
            raise ImportError("an inner detail")
        return Broken()

    entry = type("Made", (Entry,), {"spec": lambda self: spec, "make": make})
    features = FEATURES | {spec.name: entry("", "", "", Permission.VIEW)}
    async with bench(tmp_path, {Permission.VIEW}, features=features) as b:
        link = b.join()
        with pytest.raises(LocalProblem) as caught:
            channel = await link.open(spec)
            async for _message in channel:
                pass
        assert "inner detail" not in caught.value.message + caught.value.hint
        await link.open(chat.SPEC)


# --- pause ---


async def test_a_pause_lets_go_of_the_keys_and_stops_the_hands(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        link = b.join()
        channel = await link.open(CONTROL)
        talk = await link.open(chat.SPEC)
        await talk.send(Since())
        await channel.send(Key("shift_left", True))
        await until(lambda: b.hands.held)
        b.session.pause(True)
        b.session.pause(True)
        assert b.face.now.paused
        await until(lambda: not b.hands.held)
        await channel.send(Move(9, 9))
        failed = await hear(channel)
        assert failed.code == "not-allowed"
        assert ("move", 9, 9) not in b.hands.acts
        assert (await hear(talk, Line)).text == "The customer has paused the session."
        b.session.pause(False)
        await channel.send(Move(8, 8))
        await until(lambda: ("move", 8, 8) in b.hands.acts)


# --- the end ---


async def test_the_technician_ends_it_for_all_links(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        link, other = b.join(), b.join("bob")
        watching = await other.open(consent.SPEC)
        channel = await link.open(consent.SPEC)
        await channel.send(Goodbye())
        async with asyncio.timeout(10):
            assert await b.session.ended == "The technician ended the session."
        assert (await hear(watching, Goodbye)).reason == "The technician ended the session."
        await asyncio.wait_for(asyncio.gather(link.ended, other.ended), 10)


async def test_at_the_end_everything_is_let_go_and_summed_up(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        link = b.join()
        channel = await link.open(CONTROL)
        watching = await link.open(consent.SPEC)
        await channel.send(Key("shift_left", True))
        await until(lambda: b.hands.held)
        b.session._note("file received", "report.pdf")
        loop = asyncio.get_running_loop()
        began = loop.time()
        b.session.end("You ended it.")
        assert await b.session.ended == "You ended it."
        assert loop.time() - began < 5
        assert b.hands.held == set()
        assert (await hear(watching, Goodbye)).reason == "You ended it."
        await until(lambda: b.hands.closed)
        assert b.face.shown[-1] == InForce()
        assert b.face.shown[-2].session  # nothing in between: the end is one step
        (summary,) = b.face.summaries
        assert (summary.who, summary.granted, summary.files, summary.reason) == (
            ("alice",), (Permission.CONTROL,), (("file received", "report.pdf"),), "You ended it.",
        )  # fmt: skip
        await asyncio.wait_for(link.ended, 10)


async def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with bench(tmp_path, set(Permission)) as b:
        link = b.join()
        for spec in (chat.SPEC, consent.SPEC, CONTROL, CLIPBOARD):
            await link.open(spec)
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_feature_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    spec, _features, _ = loud(Permission.VIEW)

    class Hangs:
        async def run(self, channel: Channel[Any, Any]) -> None:
            for _ in range(100):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue

    entry = type("Made", (Entry,), {"spec": lambda self: spec, "make": lambda self, context: Hangs()})
    async with bench(tmp_path, {Permission.VIEW}, features={spec.name: entry("", "", "", Permission.VIEW)}) as b:
        await b.join().open(spec)
        b.session.end("You ended it.")
        async with asyncio.timeout(5):
            await b.session.ended
    tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for _ in range(200):
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)


async def test_who_comes_after_the_end_finds_it_closed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.session.end("over")
        await b.session.ended
        link = b.join()
        with pytest.raises(RsError):
            await link.open(chat.SPEC)


async def test_the_record_says_what_was_done_and_no_secret(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL, Permission.CLIPBOARD}) as b:
        link = b.join()
        await link.open(CONTROL)
        clips = await link.open(CLIPBOARD)
        b.desktop.the_clipboard.text = "hunter2"
        await clips.send(Get())
        await hear(clips)
        b.session.say("my chat line")
        b.session.withdraw([Permission.CONTROL])
        await until(lambda: Permission.CONTROL not in b.face.now.granted)
        b.session.end("over")
        await b.session.ended
        told = [(e["kind"], e.get("permission") or e.get("who")) for e in b.journalled()]
    assert told[:2] == [("session", "alice"), ("link", "alice")]
    assert ("granted", "control") in told
    assert ("withdrawn", "control") in told
    assert told[-1][0] == "session-ended"
    raw = (tmp_path / FILE).read_text()
    assert "hunter2" not in raw
    assert "my chat line" not in raw
