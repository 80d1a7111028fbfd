"""Chat at the technician's end, against the agent's own chat: one conversation, said once, seen once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from rs_agent.feature import Context
from rs_agent.features.chat import Chat as AgentChat
from rs_cli.features.chat import Chat
from rs_relay.channels.chat import MAX_TEXT, SPEC, Line, Who
from rs_relay.errors import ConnectionLost, TooLarge
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import MemoryChannel, break_off, channel_pair


class NoFace:
    def notice(self, text: str) -> None: ...

    def chat(self, name: str, text: str) -> None: ...


@pytest.fixture
def agent() -> AgentChat:
    return AgentChat(Context(cast(Any, None), cast(Any, NoFace()), Path("/nowhere"), "Anna"))


def joined(agent: AgentChat, chat: Chat) -> tuple[MemoryChannel, asyncio.Task[Any]]:
    ours, theirs = channel_pair(SPEC)
    return ours, asyncio.ensure_future(asyncio.gather(chat.run(ours), agent.run(theirs), return_exceptions=True))


async def test_the_history_comes_whole_and_then_what_is_new(agent: AgentChat) -> None:
    for number in range(30):
        agent.say(f"line {number}")
    chat = Chat()
    ours, both = joined(agent, chat)
    assert [line.text for line in await chat.history()] == [f"line {number}" for number in range(30)]
    said = await chat.say("hello")
    assert (said.number, said.who, said.name) == (31, Who.TECHNICIAN, "Anna")
    assert chat.said_here(said)
    await ours.close()
    await both


async def test_an_empty_history_comes_too(agent: AgentChat) -> None:
    chat = Chat()
    ours, both = joined(agent, chat)
    assert await chat.history() == []
    await ours.close()
    await both


async def test_a_line_said_without_a_link_waits_for_one(agent: AgentChat) -> None:
    chat = Chat()
    saying = asyncio.create_task(chat.say("early"))
    await asyncio.sleep(0)
    ours, both = joined(agent, chat)
    assert (await saying).number == 1
    await ours.close()
    await both


async def test_a_lost_link_makes_no_line_twice_and_loses_none(agent: AgentChat) -> None:
    heard: list[Line] = []
    chat = Chat(heard.append)
    for attempt in range(5):
        ours, both = joined(agent, chat)
        saying = asyncio.create_task(chat.say(f"said {attempt}"))
        for _ in range(attempt * 3):  # the link breaks at another moment each time
            await asyncio.sleep(0)
        await break_off(ours)
        await both
        ours, both = joined(agent, chat)
        assert (await saying).text == f"said {attempt}"
        await ours.close()
        await both
    assert [line.text for line in heard] == [f"said {attempt}" for attempt in range(5)]
    assert [line.number for line in heard] == [1, 2, 3, 4, 5]


async def test_following_begins_where_it_is_told(agent: AgentChat) -> None:
    for text in ("a", "b", "c"):
        agent.say(text)
    chat = Chat()
    ours, both = joined(agent, chat)
    await chat.history()
    following = chat.following(seen=2)
    assert (await anext(following)).text == "c"
    agent.say("d")
    assert (await anext(following)).text == "d"
    await ours.close()
    await both


async def test_a_text_over_the_limit_is_not_sent() -> None:
    with pytest.raises(TooLarge):
        await Chat().say("x" * (MAX_TEXT + 1))


async def test_the_loss_of_the_link_leaves_run() -> None:
    ours, theirs = channel_pair(SPEC)
    running = asyncio.create_task(Chat().run(ours))
    await theirs.receive()
    await break_off(theirs)
    with pytest.raises((ConnectionLost, ChannelClosed)):
        await running
