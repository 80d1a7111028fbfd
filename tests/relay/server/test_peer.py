"""Every kind of message in every state of every kind of peer. What may be said is written out here once more, as
prose would say it; everything that is not is refused."""

from __future__ import annotations

import itertools

import pytest

from rs_relay.server.peer import TABLE, Close, Do, Kind, Peer, Say, State
from rs_relay.wire.closing import POLICY
from rs_relay.wire.messages import (
    AskDevices,
    AskSlot,
    AskWaiting,
    Attach,
    ChangeDevice,
    Door,
    Enrol,
    Failed,
    FromClient,
    Hello,
    Join,
    Knock,
    KnockDevice,
    Refused,
    RemoveDevice,
    Retire,
    Who,
)

HOST, LONG = "a" * 32, "b" * 64
HELLO = {Kind.HOST: Hello(1, HOST, LONG, LONG, "pc"), Kind.CONTROL: Hello(1)}
OTHERS: tuple[FromClient, ...] = (
    AskSlot(1),
    Retire("123"),
    Failed("123"),
    Join(1, "123"),
    Knock(1, HOST, LONG),
    Who(1, (Door(HOST, LONG),)),
    AskWaiting(1),
    Enrol(1, HOST, LONG, "pc"),
    AskDevices(1),
    ChangeDevice(1, HOST, "pc", ("a", "b"), ""),
    RemoveDevice(1, HOST),
    KnockDevice(1, HOST),
    Attach(LONG),
)
LEGAL = {
    (Kind.HOST, State.NEW): {Hello},
    (Kind.HOST, State.READY): {AskSlot, Retire, Failed, Join},
    (Kind.CONTROL, State.NEW): {Hello},
    (Kind.CONTROL, State.READY): {
        *(AskSlot, Retire, Failed, Join, Knock, Who, AskWaiting),
        *(Enrol, AskDevices, ChangeDevice, RemoveDevice, KnockDevice),
    },
}


def peer_in(kind: Kind, state: State) -> Peer:
    peer = Peer(kind, rate=20.0, burst=60)
    if state is State.READY:
        assert peer.hear(HELLO[kind], 0.0) == (Do(HELLO[kind]),)
    elif state is State.GONE:
        peer.gone()
    return peer


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(Kind, State)))
def test_each_message_in_each_state(kind: Kind, state: State) -> None:
    for message in (HELLO[kind], *OTHERS):
        peer = peer_in(kind, state)
        commands = peer.hear(message, 0.0)
        if state is State.GONE:
            assert commands == ()
        elif type(message) in LEGAL[kind, state]:
            assert commands == (Do(message),)
            assert peer.state is State.READY
        else:
            assert commands == (Close(POLICY, "that may not be said here"),)
            assert peer.state is State.GONE


def test_the_table_holds_nothing_else() -> None:
    assert set(TABLE) == {(*where, kind) for where, kinds in LEGAL.items() for kind in kinds}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Kind.HOST, Hello(1)),
        (Kind.HOST, Hello(1, HOST.upper(), LONG, LONG)),
        (Kind.HOST, Hello(1, HOST, LONG[1:], LONG)),
        (Kind.HOST, Hello(1, HOST, LONG, "door")),
        (Kind.HOST, Hello(1, HOST + "\n", LONG, LONG)),
        (Kind.HOST, Hello(1, HOST, LONG, LONG, "n" * 65)),
        (Kind.CONTROL, Hello(1, HOST)),
        (Kind.CONTROL, Hello(1, "", LONG)),
        (Kind.CONTROL, Hello(1, "", "", LONG)),
    ],
)
def test_a_hello_that_no_honest_program_says(kind: Kind, message: Hello) -> None:
    assert isinstance(peer_in(kind, State.NEW).hear(message, 0.0)[0], Close)


@pytest.mark.parametrize(
    "message",
    [
        AskSlot(0),
        AskSlot(-1),
        AskWaiting(2**53),
        Join(0, "123"),
        Knock(0, HOST, LONG),
        Knock(1, "host", LONG),
        Knock(1, HOST, "door"),
        Who(0, ()),
        Who(1, tuple(Door(HOST, LONG) for _ in range(21))),
        Who(1, (Door(HOST, "x"),)),
        Who(1, (Door("é" * 32, LONG),)),
        Enrol(0, HOST, LONG, "pc"),
        Enrol(1, "host", LONG, "pc"),
        Enrol(1, HOST, "proof", "pc"),
        Enrol(1, HOST, LONG, ""),
        Enrol(1, HOST, LONG, "n" * 65),
        AskDevices(1, "x"),
        AskDevices(0),
        ChangeDevice(1, HOST, "pc", ("t" * 33,), ""),
        ChangeDevice(1, HOST, "pc", ("",), ""),
        ChangeDevice(1, HOST, "pc", ("t",) * 9, ""),
        ChangeDevice(1, HOST, "pc", (), "g" * 33),
        ChangeDevice(1, HOST, "", (), ""),
        RemoveDevice(1, HOST + "0"),
        KnockDevice(0, HOST),
    ],
)
def test_a_request_that_no_honest_program_makes(message: FromClient) -> None:
    assert isinstance(peer_in(Kind.CONTROL, State.READY).hear(message, 0.0)[0], Close)


@pytest.mark.parametrize("kind", Kind)
def test_another_version_is_told_so_in_words(kind: Kind) -> None:
    old = HELLO[kind]
    say, close = peer_in(kind, State.NEW).hear(Hello(2, old.host, old.rejoin, old.door), 0.0)
    assert isinstance(say, Say)
    assert isinstance(say.message, Refused)
    assert "version 1" in say.message.message
    assert isinstance(close, Close)


def test_a_flood_of_messages_ends_the_socket_and_a_busy_one_does_not() -> None:
    peer = peer_in(Kind.CONTROL, State.READY)
    for n in range(1000):
        assert peer.hear(AskSlot(1), n / 19) == (Do(AskSlot(1)),)
    peer = peer_in(Kind.CONTROL, State.READY)
    answers = [peer.hear(AskSlot(1), 0.0) for _ in range(61)]
    assert (Close(POLICY, "too many messages"),) in answers
    assert answers[-1] == ()
