"""A channel of a session: opened with a grant, guarded in both directions, cut with what breaks the rules."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_agent.feature import Context
from rs_agent.features import FEATURES, OFFERED, Entry
from rs_agent.session.visits import STRIKES
from rs_agent.ui.base import InForce
from rs_relay.channels import chat
from rs_relay.channels.chat import Say
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.channels.control.messages import Move
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, UsageError
from rs_relay.link import frames
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.frames import Kind
from rs_relay.link.link import Link
from rs_relay.link.spec import ChannelSpec, Permission, Priority
from tests.support.customer import until
from tests.support.sessions import bench, hear, loud


async def test_a_channel_is_asked_for_granted_and_used(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.CONTROL}) as b:
        channel = await b.join().open(CONTROL)
        await channel.send(Move(3, 4))
        await until(lambda: ("move", 3, 4) in b.hands.acts)
        assert [q.permission for q in b.face.questions] == [Permission.CONTROL]
        assert b.face.questions[0].who == "alice"
        assert b.face.now == InForce(("alice",), frozenset({Permission.CONTROL}), False, True)


async def test_a_refusal_says_what_was_not_allowed(tmp_path: Path) -> None:
    async with bench(tmp_path, set()) as b:
        link = b.join()
        with pytest.raises(NotAllowed, match="The customer has not allowed control"):
            await link.open(CONTROL)
        with pytest.raises(NotAllowed):
            await link.open(CONTROL)
        assert len(b.face.questions) == 1  # the second time they are not even asked
        assert b.hands.acts == []


async def test_an_unknown_channel_is_refused_and_the_link_lives_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        link = b.join()
        odd: ChannelSpec[Any, Any] = ChannelSpec("teleport", None, Priority.BULK, Say, Say)
        with pytest.raises(UsageError):
            await link.open(odd)
        await link.open(chat.SPEC)


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


async def test_who_comes_after_the_end_finds_it_closed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.session.end("over")
        await b.session.ended
        link = b.join()
        with pytest.raises(RsError):
            await link.open(chat.SPEC)
