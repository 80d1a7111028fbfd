"""The outer protocol's codec: everything round-trips, everything else is one typed error."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.errors import PeerBroke
from rs_relay.wire import codec
from rs_relay.wire.limits import CONTROL_MESSAGE
from rs_relay.wire.messages import (
    AskDevices,
    AskSlot,
    AskWaiting,
    Attach,
    ChangeDevice,
    Customer,
    Device,
    Devices,
    Done,
    Door,
    Enrol,
    Failed,
    Hello,
    Join,
    Joined,
    Knock,
    KnockDevice,
    Knocked,
    Presence,
    Refused,
    RemoveDevice,
    Restarting,
    Retire,
    Slot,
    Ticket,
    Waiting,
    Welcome,
    Who,
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ids = st.integers(0, 2**53 - 1)
doors = st.lists(st.builds(Door, text, text), max_size=5).map(tuple)
from_client = st.one_of(
    st.builds(Hello, st.integers(0, 9), text, text, text, text),
    st.builds(AskSlot, ids),
    st.builds(Retire, text),
    st.builds(Failed, text),
    st.builds(Join, ids, text),
    st.builds(Knock, ids, text, text),
    st.builds(Who, ids, doors),
    st.builds(AskWaiting, ids),
    st.builds(Enrol, ids, text, text, text),
    st.builds(AskDevices, ids, text),
    st.builds(ChangeDevice, ids, text, text, st.lists(text, max_size=3).map(tuple), text),
    st.builds(RemoveDevice, ids, text),
    st.builds(KnockDevice, ids, text),
    st.builds(Attach, text),
)
seconds = st.floats(0, 1e6)
from_relay = st.one_of(
    st.builds(Welcome, st.integers(0, 9), text, text, st.lists(text, max_size=3).map(tuple)),
    st.builds(Slot, ids, text, seconds),
    st.builds(Ticket, ids, text, text),
    st.builds(Knocked, text, text, text, text, st.booleans()),
    st.builds(Done, ids),
    st.builds(
        Devices,
        ids,
        st.lists(
            st.builds(Device, text, text, st.lists(text, max_size=2).map(tuple), text, st.booleans(), st.just(-1.0)),
            max_size=2,
        ).map(tuple),
        st.booleans(),
    ),
    st.builds(Presence, ids, st.lists(st.booleans()).map(tuple)),
    st.builds(Waiting, ids, st.lists(st.builds(Customer, text, text, seconds), max_size=3).map(tuple)),
    st.builds(Refused, ids, text, text, seconds),
    st.builds(Restarting, st.integers(0, 10_000)),
    st.just(Joined()),
)


@given(from_client)
def test_what_a_client_says_is_heard_as_it_was_said(message: object) -> None:
    assert codec.decode_from_client(codec.encode(message)) == message  # type: ignore[arg-type]


@given(from_relay)
def test_what_the_relay_says_is_heard_as_it_was_said(message: object) -> None:
    assert codec.decode_from_relay(codec.encode(message)) == message  # type: ignore[arg-type]


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_else_is_one_typed_error(data: str | bytes) -> None:
    for decode in (codec.decode_from_client, codec.decode_from_relay):
        with contextlib.suppress(PeerBroke):
            decode(data)


@pytest.mark.parametrize(
    "data",
    [
        "[" * 4000,
        '{"type":"hello"}',
        '{"type":"hello","version":"1"}',
        '{"type":"hello","version":1,"admin":true}',
        '{"type":"welcome","version":1}',
        '{"type":"join","id":1.5,"slot":"123"}',
        '{"type":"who","id":1,"doors":[{"host":"a","door":"b","more":1}]}',
        b"\xff\xfe",
        "",
    ],
)
def test_a_message_that_is_nearly_right_is_refused(data: str | bytes) -> None:
    with pytest.raises(PeerBroke):
        codec.decode_from_client(data)


def test_size_is_checked_before_anything_is_parsed() -> None:
    padded = json.dumps({"type": "ask-slot", "id": 1}) + " " * CONTROL_MESSAGE
    with pytest.raises(PeerBroke, match="larger than the protocol allows"):
        codec.decode_from_client(padded)


def test_twenty_doors_fit_in_one_message() -> None:
    who = Who(2**53 - 1, tuple(Door("a" * 32, "b" * 64) for _ in range(20)))
    assert len(codec.encode(who)) <= CONTROL_MESSAGE
