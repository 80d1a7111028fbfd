"""The handshake with a device, with a relay between that may do anything, and with ends that are not what they say."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rs_relay.link import unattended, verifier
from rs_relay.link.handshake import REFUSED, Abort, Attempts, Holder, Joiner, Role, WrongSecret, message, parse
from rs_relay.link.unattended import Device, NotNow, State, Unfair, Unknown, Visitor, WrongDevice, reply
from rs_relay.link.verifier import Cost, Verifier
from tests.support.devices import (
    CODE,
    DEVICE_KEY,
    PIN,
    STRANGER_KEY,
    TECHNICIAN,
    TECHNICIAN_KEY,
    VERIFIER,
    CountedTries,
    device,
    drawn,
    knows,
    visitor,
)
from tests.support.two_ends import SESSION

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "unattended.json").read_text())
M2_FORM = (32, 32, 1088, unattended.EXTRA, 64)


def _messages() -> tuple[Visitor, Device, list[bytes]]:
    i, r = visitor(), device()
    m1 = i.start()
    m2 = r.receive(m1)
    i.meet(m2)
    m3 = i.prove(CODE)
    m4 = r.receive(m3)
    i.finish(m4)
    return i, r, [m1, m2, m3, m4]


def test_both_ends_agree_know_each_other_and_the_sizes_are_as_written_down() -> None:
    i, r, messages = _messages()
    assert [len(m) for m in messages] == [1309, 1345, 93 + 108 + len("alice"), 37]
    assert i.opened
    assert r.opened
    assert r.known
    assert (i.opened.i2r, i.opened.r2i, i.opened.resume) == (r.opened.i2r, r.opened.r2i, r.opened.resume)
    assert (i.opened.joiner, r.opened.joiner) == (True, False)
    assert i.device == PIN
    assert (r.known.name, r.known.key) == ("alice", TECHNICIAN)


def test_the_vector_comes_out() -> None:
    """The technician's side from a frozen M2: every value that leaves it, and the keys."""
    vector = VECTORS["handshake"]
    i = Visitor(bytes.fromhex(vector["session"]), vector["name"], TECHNICIAN_KEY, PIN, entropy=drawn("visitor"))
    assert i.start().hex() == vector["m1"]
    i.meet(bytes.fromhex(vector["m2"]))
    assert i.prove(vector["code"]).hex() == vector["m3"]
    i.finish(bytes.fromhex(vector["m4"]))
    assert i.opened
    found = {name: getattr(i.opened, name).hex() for name in ("i2r", "r2i", "resume", "sas_seed")}
    assert found == {name: vector[name] for name in found}
    assert i.opened.log_id == vector["log_id"]


def test_the_device_is_known_before_anything_is_made_from_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("the code was used")

    monkeypatch.setattr(unattended, "harden", never)
    i = visitor()
    with pytest.raises(WrongDevice):
        i.meet(device(key=STRANGER_KEY).receive(i.start()))
    with pytest.raises(Abort):
        i.prove(CODE)


def test_somebody_elses_signature_under_the_pinned_key_is_seen() -> None:
    i = visitor()
    n_r, y_r, ct, extra, _ = parse(device().receive(i.start()), 2, M2_FORM)
    with pytest.raises(WrongDevice):
        i.meet(message(2, n_r, y_r, ct, extra, STRANGER_KEY.sign(b"whatever")))


def test_a_message_of_an_earlier_run_is_worth_nothing() -> None:
    _, _, (m1, m2, m3, m4) = _messages()
    i = visitor()
    i.start()
    with pytest.raises(WrongDevice):  # the signature is over the technician's own fresh M1
        i.meet(m2)
    tries = CountedTries()
    r = device(tries)
    r.receive(m1)
    with pytest.raises(WrongSecret):
        r.receive(m3)
    assert tries.spent == 1
    i = visitor()
    i.meet(device().receive(i.start()))
    i.prove(CODE)
    with pytest.raises(WrongSecret):
        i.finish(m4)


@pytest.mark.parametrize("cost", [Cost(8, 1, 1), Cost(2**31, 3, 4), Cost(65_536, 2**31, 4), Cost(65_536, 3, 200)])
def test_a_false_cost_is_not_computed(cost: Cost) -> None:
    i = visitor()
    with pytest.raises(Unfair):
        i.meet(device(verifier=Verifier(bytes(16), cost, VERIFIER.w)).receive(i.start()))


def test_a_wrong_code_is_counted_before_it_is_looked_at_and_a_right_one_given_back() -> None:
    tries = CountedTries()
    i, r = visitor(), device(tries)
    i.meet(r.receive(i.start()))
    m3 = i.prove("wrong horse 42")
    with pytest.raises(WrongSecret) as caught:
        r.receive(m3)
    assert (tries.spent, tries.rights, r.opened) == (1, 0, None)
    assert reply(caught.value) == REFUSED
    with pytest.raises(WrongSecret):
        i.finish(REFUSED)
    r = device(tries)
    r.receive(visitor().start())
    with pytest.raises(Abort):
        r.receive(b"nonsense")
    assert tries.spent == 2
    i, r = visitor(), device(tries)
    i.meet(r.receive(i.start()))
    r.receive(i.prove(CODE))
    assert (tries.spent, tries.rights) == (3, 1)


def test_when_the_tries_are_used_up_even_the_right_code_is_not_looked_at() -> None:
    tries = CountedTries(left=1)
    runs = [(visitor(), device(tries)) for _ in range(50)]
    for i, r in runs:
        i.meet(r.receive(i.start()))
    looked_at = 0
    for i, r in runs:
        try:
            r.receive(i.prove("wrong horse 42"))
        except NotNow as e:
            with pytest.raises(NotNow, match="600"):
                i.finish(reply(e))
        except WrongSecret:
            looked_at += 1
    assert looked_at == tries.spent == 1
    i = visitor()
    with pytest.raises(NotNow) as caught:
        device(tries).receive(i.start())
    with pytest.raises(NotNow) as told:
        i.meet(reply(caught.value))
    assert told.value.seconds == 600


def test_a_technician_who_is_not_known_hears_what_a_wrong_code_hears() -> None:
    tries = CountedTries()
    i, r = visitor(key=STRANGER_KEY), device(tries)
    i.meet(r.receive(i.start()))
    m3 = i.prove(CODE)
    with pytest.raises(Unknown) as caught:
        r.receive(m3)
    assert caught.value.known_as.key == STRANGER_KEY.public_key().public_bytes_raw()
    assert reply(caught.value) == REFUSED
    assert (r.opened, tries.rights) == (None, 0)


def test_a_key_that_the_technician_does_not_hold_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    i, r = visitor(key=STRANGER_KEY), device()
    i.meet(r.receive(i.start()))
    monkeypatch.setattr(unattended, "_signed_by_technician", lambda th: b"rs/1 technician\0" + bytes(32))
    m3 = i.prove(CODE)
    monkeypatch.undo()
    with pytest.raises(Abort, match="signature"):
        r.receive(m3)


def test_who_stole_the_verifier_cannot_sign_in_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    i, r = visitor(), device()
    i.meet(r.receive(i.start()))
    monkeypatch.setattr(unattended, "harden", lambda *_: VERIFIER.w)
    with pytest.raises(WrongSecret):
        r.receive(i.prove(CODE))


def test_the_two_modes_never_meet() -> None:
    six = "915733"
    joiner = Joiner(six, SESSION, Role.TECHNICIAN, "alice")
    with pytest.raises(Abort):
        device(verifier=verifier.make(six, verifier.SMALL)).receive(joiner.start())
    with pytest.raises(Abort):
        Holder(six, SESSION, Role.AGENT, Attempts()).receive(visitor().start())


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 3), st.integers(min_value=0), st.sampled_from(["flip", "cut", "grow", "empty"]))
def test_any_change_to_any_message_ends_in_abort(which: int, place: int, how: str) -> None:
    i, r = visitor(), device()

    def tamper(n: int, data: bytes) -> bytes:
        if n != which:
            return data
        if how == "flip":
            bit = place % (len(data) * 8)
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            return bytes(changed)
        return {"cut": data[: place % len(data)], "grow": data + b"\0", "empty": b""}[how]

    with pytest.raises(Abort):
        i.meet(tamper(1, r.receive(tamper(0, i.start()))))
        i.finish(tamper(3, r.receive(tamper(2, i.prove(CODE)))))
    assert i.opened is None
    assert (r.opened is None) is (which != 3)


def test_every_message_in_every_state_but_the_legal_one_aborts() -> None:
    _, _, whole = _messages()
    foreign = dict(zip(("m1", "m2", "m3", "m4"), whole, strict=True)) | {"refused": REFUSED, "none": b""}

    def device_in(state: State) -> Device:
        i, r = visitor(), device()
        if state is not State.START:
            i.meet(r.receive(i.start()))
            if state is State.OPEN:
                r.receive(i.prove(CODE))
        return r

    for state, (name, data) in product((State.START, State.SENT2, State.OPEN), foreign.items()):
        r = device_in(state)
        assert r.state is state
        if (state, name) == (State.START, "m1"):
            continue
        with pytest.raises(Abort):
            r.receive(data)
        assert r.state is State.DEAD


class Relay(RuleBasedStateMachine):
    """A relay that delivers, drops, repeats, mixes and changes what two honest ends and a guesser say."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = CountedTries(left=3)
        self.heard: list[bytes] = [b"", REFUSED]
        self.visitors: list[Visitor] = []
        self.devices: list[Device] = []
        self.codes: dict[int, str] = {}

    @rule(right=st.booleans())
    def arrive(self, right: bool) -> None:
        if len(self.visitors) < 6:
            i = visitor()
            self.codes[id(i)] = CODE if right else "wrong horse 42"
            self.visitors.append(i)
            self.heard.append(i.start())
            self.devices.append(Device(SESSION, DEVICE_KEY, VERIFIER, self.tries, knows))

    @rule(data=st.data(), flip=st.integers(0, 40_000))
    def deliver(self, data: st.DataObject, flip: int) -> None:
        if not self.visitors:
            return
        text = data.draw(st.sampled_from(self.heard))
        if flip < 8 * len(text):
            changed = bytearray(text)
            changed[flip // 8] ^= 1 << flip % 8
            text = bytes(changed)
        end = data.draw(st.sampled_from([*self.visitors, *self.devices]))
        try:
            if isinstance(end, Device):
                self.heard.append(end.receive(text))
            elif end.state is State.SENT1:
                end.meet(text)
                self.heard.append(end.prove(self.codes[id(end)]))
            else:
                end.finish(text)
        except Abort:
            pass

    @invariant()
    def whoever_is_open_has_met_their_like(self) -> None:
        keys = {r.opened.resume for r in self.devices if r.opened}
        for i in self.visitors:
            if i.opened:
                assert self.codes[id(i)] == CODE
                assert i.opened.resume in keys
        assert len(keys) == sum(r.opened is not None for r in self.devices)
        assert self.tries.spent - self.tries.rights <= 3


Relay.TestCase.settings = settings(deadline=None, max_examples=25, stateful_step_count=20)
TestRelay = Relay.TestCase
