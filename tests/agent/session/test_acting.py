"""What the customer does in a session holds before they read of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_relay.channels import chat
from rs_relay.channels.chat import Line, Since
from rs_relay.channels.clipboard import SPEC as CLIPBOARD
from rs_relay.channels.clipboard import Get
from rs_relay.channels.control.messages import SPEC as CONTROL
from rs_relay.channels.control.messages import Key, Move
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.customer import until
from tests.support.sessions import bench, hear


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
