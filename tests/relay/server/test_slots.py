from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rs_relay.server.slots import Slots


def new(pick: object = None, **changes: float) -> Slots:
    options = {"ttl": 900.0, "failures": 3, "joins": 10} | changes
    return Slots(**options, **({"pick": pick} if pick else {}))  # type: ignore[arg-type]


def test_a_slot_is_three_digits_and_nobody_elses() -> None:
    slots = new()
    given = {slots.allocate("host:a", 0.0).slot for _ in range(400)}  # type: ignore[union-attr]
    assert len(given) == 400
    assert all(len(slot) == 3 and slot.isdigit() for slot in given)


def test_a_digit_is_added_when_many_are_in_use_and_taken_away_again() -> None:
    slots = new()
    held = [slots.allocate("host:a", 0.0) for _ in range(401)]
    assert [len(h.slot) for h in held if h][-2:] == [3, 4]
    for h in held[:100]:
        assert h is not None
        slots.retire(h.slot, "host:a")
    assert len(slots.allocate("host:a", 0.0).slot) == 3  # type: ignore[union-attr]


def test_all_that_may_be_used_in_use_is_a_plain_no() -> None:
    slots = new()
    for _ in range(40_000):
        assert slots.allocate("host:a", 0.0) is not None
    assert slots.allocate("host:b", 0.0) is None


def test_a_picker_without_luck_still_finds_a_free_number() -> None:
    slots = new(pick=lambda n: 7)
    assert slots.allocate("host:a", 0.0).slot == "007"  # type: ignore[union-attr]
    other = slots.allocate("host:a", 0.0)
    assert other is not None
    assert other.slot != "007"


def test_a_slot_is_gone_after_its_time() -> None:
    slots = new()
    held = slots.allocate("host:a", 0.0)
    assert held is not None
    assert slots.peek(held.slot, 899.9) is held
    assert slots.peek(held.slot, 900.0) is None
    assert slots.join(held.slot, "x", 900.0) is None
    assert slots.expire(900.0) == (held.slot,)
    assert len(slots) == 0


def test_three_failures_that_its_holder_reports_wear_a_slot_out() -> None:
    slots = new()
    held = slots.allocate("host:a", 0.0)
    assert held is not None
    assert slots.fail(held.slot, "host:b") is None, "somebody else's report is nothing"
    for failures in (1, 2, 3):
        assert slots.peek(held.slot, 1.0) is held
        assert slots.fail(held.slot, "host:a") is held
        assert held.failures == failures
    assert slots.peek(held.slot, 1.0) is None


def test_ten_joins_that_come_to_nothing_wear_a_slot_out() -> None:
    slots = new()
    held = slots.allocate("host:a", 0.0)
    assert held is not None
    assert all(slots.join(held.slot, "x", 1.0) for _ in range(10))
    assert slots.join(held.slot, "x", 1.0) is None


def test_only_the_holder_retires_a_slot() -> None:
    slots = new()
    held = slots.allocate("host:a", 0.0)
    assert held is not None
    assert not slots.retire(held.slot, "host:b")
    assert slots.retire(held.slot, "host:a")
    assert not slots.retire(held.slot, "host:a")


def test_the_newest_come_first() -> None:
    slots = new()
    made = [slots.allocate(holder, now) for now, holder in ((0.0, "host:a"), (1.0, "control:1"), (2.0, "host:b"))]
    assert list(slots.newest("host:", 3.0)) == [made[2], made[0]]


class SlotsOverTime(RuleBasedStateMachine):
    """Against a plain model: what is held, by whom, until when."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = new(pick=random.Random(0).randrange, ttl=100.0, joins=4)
        self.now = 0.0
        self.model: dict[str, list[float | str]] = {}  # slot -> holder, until, failures, joins

    def live(self, slot: str) -> bool:
        return slot in self.model and float(self.model[slot][1]) > self.now

    @rule(holder=st.sampled_from(["host:a", "host:b", "control:1"]))
    def allocate(self, holder: str) -> None:
        held = self.slots.allocate(holder, self.now)
        assert held is not None
        assert held.slot not in self.model
        self.model[held.slot] = [holder, self.now + 100.0, 0, 0]

    @rule(seconds=st.floats(0, 60))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        gone = set(self.slots.expire(self.now))
        assert gone == {slot for slot in self.model if not self.live(slot)}
        for slot in gone:
            del self.model[slot]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.model)))
        assert (self.slots.join(slot, "", self.now) is not None) == self.live(slot)
        if self.live(slot):
            self.model[slot][3] = int(self.model[slot][3]) + 1
            if self.model[slot][3] == 4:
                del self.model[slot]

    @precondition(lambda self: self.model)
    @rule(data=st.data(), holder=st.sampled_from(["host:a", "host:b", "control:1"]))
    def fail(self, data: st.DataObject, holder: str) -> None:
        slot = data.draw(st.sampled_from(sorted(self.model)))
        mine = self.model[slot][0] == holder
        assert (self.slots.fail(slot, holder) is not None) == mine
        if mine:
            self.model[slot][2] = int(self.model[slot][2]) + 1
            if self.model[slot][2] == 3:
                del self.model[slot]

    @rule(holder=st.sampled_from(["host:a", "host:b"]))
    def drop(self, holder: str) -> None:
        dropped = set(self.slots.drop_all(holder))
        assert dropped == {slot for slot, (owner, *_) in self.model.items() if owner == holder}
        for slot in dropped:
            del self.model[slot]

    @invariant()
    def agrees(self) -> None:
        assert len(self.slots) == len(self.model)


TestSlotsOverTime = SlotsOverTime.TestCase
TestSlotsOverTime.settings = settings(max_examples=60, deadline=None)
