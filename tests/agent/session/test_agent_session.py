"""One session over real links in memory: grants guarded, withdrawn, ended."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_agent.features import OFFERED, Entry
from rs_agent.journal import FILE
from rs_agent.ui.base import InForce
from rs_relay.channels import chat, consent, record
from rs_relay.channels.chat import Line, Say, Since
from rs_relay.channels.clipboard import SPEC as CLIPBOARD
from rs_relay.channels.clipboard import Get
from rs_relay.channels.consent import Ask, Goodbye, Grant, State
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.channels.control.messages import Key, Move
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.customer import until
from tests.support.sessions import bench, hear, loud, state


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


async def test_chat_needs_no_grant(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        channel = await b.join().open(chat.SPEC)
        await channel.send(Since())
        await channel.send(Say("k", "hello"))
        assert (await hear(channel, Line)).text == "hello"
        b.session.say("hi")
        assert (await hear(channel, Line)).text == "hi"
        assert b.face.questions == []


async def test_a_grant_given_beforehand_is_not_asked_for(tmp_path: Path) -> None:
    async with bench(tmp_path, set(), allow=frozenset({Permission.CONTROL})) as b:
        await b.join().open(CONTROL)
        assert b.face.questions == []
        assert b.face.now.granted == {Permission.CONTROL}


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
