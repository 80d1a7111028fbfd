"""Who comes has nothing, who is taken out loses all, and a hand-over passes on what the customer agrees to."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.channels.consent import Ask, Goodbye, Grant
from rs_relay.channels.party import SPEC as PARTY
from rs_relay.channels.party import Done, Down, HandOver, Remove, Up
from rs_relay.errors import NoSuchSession, NotAllowed, RsError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.link import Link
from rs_relay.link.spec import Permission
from tests.support.customer import until
from tests.support.sessions import bench, hear, state


async def test_who_comes_may_do_nothing_and_everybody_reads_of_it(tmp_path: Path) -> None:
    async with bench(tmp_path, set(), allow=frozenset({Permission.VIEW})) as b:
        first, second = await b.join().open(CONSENT), await b.join("bob").open(CONSENT)
        await state(first, Permission.VIEW, Grant.GRANTED)
        heard = await state(second, Permission.VIEW, Grant.NOT_ASKED)
        assert [(one.name, one.leads) for one in heard.present] == [("alice", True), ("bob", False)]
        assert any("bob has joined" in notice for notice in b.face.notices)
        assert "joined" in [entry["kind"] for entry in b.journalled()]


async def test_only_who_leads_takes_somebody_out_and_that_one_is_gone(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        leader, link = b.join(), b.join("bob")
        second = await link.open(CONSENT)
        await second.send(Ask((Permission.VIEW,)))
        await state(second, Permission.VIEW, Grant.GRANTED)
        assert isinstance(await _refusal(link, Remove(1)), NotAllowed)
        assert isinstance(await _refusal(leader, Remove(9)), NoSuchSession)
        bob = b.session.party.named("bob")
        assert bob is not None
        assert isinstance(await hear(await _said(leader, Remove(bob.number))), Done)
        assert isinstance(await hear(second, Goodbye), Goodbye)
        assert b.session.find(bob.rid) is None
        await until(lambda: "left" in [entry["kind"] for entry in b.journalled()])
        assert not b.session.ended.done()


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_hand_over_passes_on_what_the_customer_agrees_to(tmp_path: Path, agreed: bool) -> None:
    async with bench(tmp_path, None, allow=frozenset({Permission.VIEW})) as b:
        leader, link = b.join(), b.join("bob")
        second = await link.open(CONSENT)
        bob = b.session.party.named("bob")
        assert bob is not None
        await hear(await _said(leader, HandOver(bob.number)))
        await until(lambda: bool(b.face.questions))
        assert b.session.leader == "bob"
        b.session.answer(b.face.questions[0].number, agreed)
        await state(second, Permission.VIEW, Grant.GRANTED if agreed else Grant.NOT_ASKED)


async def test_the_last_ones_leave_is_the_end(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.join()
        b.session.remove("1")
        assert "last technician" in await b.session.ended


async def _said(link: Link, message: Up) -> Channel[Up, Down]:
    channel = await link.open(PARTY)
    await channel.send(message)
    return channel


async def _refusal(link: Link, message: Up) -> RsError | None:
    with pytest.raises(ChannelClosed) as closed:
        await hear(await _said(link, message))
    return closed.value.error
