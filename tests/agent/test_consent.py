"""The table, and the rules for asking."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_agent.consent import ANSWER_WITHIN, MINUTE, TABLE, UNWELCOME, Changes, Consent, Event, Matter, Question
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission

VIEW, CONTROL, FILES = Permission.VIEW, Permission.CONTROL, Permission.FILES
OFFERED = (VIEW, CONTROL, Permission.CLIPBOARD, FILES)


ALICE, BOB = 1, 2


class One:
    """The table of one technician, and all that is on show."""

    def __init__(self, offered: tuple[Permission, ...], allowed: tuple[Permission, ...] = ()) -> None:
        self.all = Consent(offered)
        self.all.admit(ALICE, allowed)

    @property
    def question(self) -> Question | None:
        return self.all.question

    @property
    def grants(self) -> dict[Permission, Grant]:
        return self.all.grants(ALICE)

    def granted(self, permission: Permission | None) -> bool:
        return self.all.granted(ALICE, permission)

    def ask(self, permission: Permission, who: str, now: float) -> frozenset[Permission]:
        return mine(self.all.ask(ALICE, permission, who, now))

    def answer(self, number: int, yes: bool, now: float) -> frozenset[Permission]:
        return mine(self.all.answer(number, yes, now))

    def tick(self, now: float) -> frozenset[Permission]:
        return mine(self.all.tick(now))

    def withdraw(self, permissions: Iterable[Permission], now: float) -> frozenset[Permission]:
        return mine(self.all.withdraw(permissions, now))

    def allow(self, permission: Permission, now: float) -> frozenset[Permission]:
        return mine(self.all.allow(ALICE, permission, now))


def mine(changes: Changes) -> frozenset[Permission]:
    assert all(number == ALICE for number, _ in changes)
    return frozenset(permission for _, permission in changes)


def consent(*allowed: Permission) -> One:
    return One(OFFERED, allowed)


def test_nothing_is_granted_but_by_a_yes_or_by_the_customers_own_move() -> None:
    ways = {(state, event) for (state, event), following in TABLE.items() if following is Grant.GRANTED}
    own = {(state, Event.ALLOW) for state in Grant if state is not Grant.GRANTED}
    assert ways == own | {(Grant.ASKING, Event.YES)}


def test_a_yes_counts_only_while_the_question_is_open() -> None:
    assert {state for state in Grant if (state, Event.YES) in TABLE} == {Grant.ASKING}


def test_withdrawing_takes_a_grant_from_every_state_that_has_one() -> None:
    for state in Grant:
        assert TABLE.get((state, Event.WITHDRAW), state) is not Grant.GRANTED


def test_every_cell_leads_somewhere_else() -> None:
    assert all(state is not following for (state, _), following in TABLE.items())
    assert set(TABLE) < set(product(Grant, Event))


def test_a_question_is_shown_and_answered() -> None:
    c = consent()
    assert c.ask(VIEW, "alice", 0.0) == {VIEW}
    assert c.question is not None
    assert (c.question.permission, c.question.who, c.question.until) == (VIEW, "alice", ANSWER_WITHIN)
    assert not c.granted(VIEW)
    assert c.answer(c.question.number, True, 1.0) == {VIEW}
    assert c.granted(VIEW)
    assert c.question is None


def test_one_question_at_a_time_in_the_order_of_asking() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    c.ask(CONTROL, "alice", 0.0)
    assert c.question is not None
    assert c.question.permission is VIEW
    c.answer(c.question.number, True, 1.0)
    assert c.question.permission is CONTROL
    assert c.question.until == 1.0 + ANSWER_WITHIN  # its minute starts when it is shown
    c.answer(c.question.number, False, 2.0)
    assert c.grants[CONTROL] is Grant.REFUSED


def test_a_late_yes_never_answers_the_next_question() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    c.ask(CONTROL, "alice", 0.0)
    first = c.question
    assert first is not None
    c.tick(ANSWER_WITHIN)
    assert c.grants[VIEW] is Grant.REFUSED
    assert c.answer(first.number, True, ANSWER_WITHIN + 1) == frozenset()
    assert c.grants[CONTROL] is Grant.ASKING


def test_silence_is_a_no_even_if_nobody_ticks() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    assert c.question is not None
    c.answer(c.question.number, True, ANSWER_WITHIN)
    assert c.grants[VIEW] is Grant.REFUSED


def test_a_tick_in_time_changes_nothing() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    assert c.tick(ANSWER_WITHIN - 0.01) == frozenset()
    assert c.question is not None


def test_what_is_not_offered_is_refused_without_a_question() -> None:
    c = consent()
    assert c.ask(Permission.SHELL, "alice", 0.0) == {Permission.SHELL}
    assert c.question is None
    assert c.grants[Permission.SHELL] is Grant.REFUSED
    assert c.allow(Permission.SHELL, 0.0) == frozenset()
    assert not c.granted(Permission.SHELL)
    assert not consent(Permission.SHELL).granted(Permission.SHELL)


def test_what_needs_no_permission_is_granted() -> None:
    assert consent().granted(None)


def test_granted_beforehand() -> None:
    c = consent(VIEW)
    assert c.granted(VIEW)
    assert c.ask(VIEW, "alice", 0.0) == frozenset()
    assert c.question is None


def test_asking_twice_is_one_question() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    assert c.ask(VIEW, "alice", 1.0) == frozenset()
    assert c.question is not None
    c.answer(c.question.number, False, 2.0)
    assert c.question is None


def test_withdrawing_takes_an_open_question_off_and_the_next_comes_up() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    c.ask(CONTROL, "alice", 0.0)
    assert c.withdraw([VIEW], 1.0) == {VIEW}
    assert c.grants[VIEW] is Grant.REFUSED
    assert c.question is not None
    assert c.question.permission is CONTROL


def test_withdrawing_everything_empties_the_queue() -> None:
    c = consent(FILES)
    c.ask(VIEW, "alice", 0.0)
    c.ask(CONTROL, "alice", 0.0)
    assert c.withdraw(Permission, 1.0) == {FILES, VIEW, CONTROL}
    assert c.question is None
    assert c.grants[FILES] is Grant.WITHDRAWN


def test_allowing_what_is_asked_takes_the_question_off() -> None:
    c = consent()
    c.ask(VIEW, "alice", 0.0)
    assert c.allow(VIEW, 1.0) == {VIEW}
    assert c.question is None
    assert c.granted(VIEW)


def say(c: One, yes: bool, now: float) -> None:
    assert c.question is not None
    c.answer(c.question.number, yes, now)


def test_after_three_unwelcome_questions_in_a_minute_there_is_silence() -> None:
    c = consent()
    for n in range(UNWELCOME):
        c.ask(VIEW, "mallory", float(n))
        say(c, False, n + 0.5)
    assert c.ask(VIEW, "mallory", 10.0) == {VIEW}
    assert c.question is None
    assert c.grants[VIEW] is Grant.REFUSED
    c.ask(VIEW, "mallory", 0.5 + MINUTE)  # the first of them is a minute old
    assert c.question is not None


def test_silence_holds_for_what_was_queued_already() -> None:
    c = consent()
    for permission in OFFERED:
        c.ask(permission, "mallory", 0.0)
    for n in range(UNWELCOME):
        say(c, False, float(n))
    assert c.question is None
    assert {c.grants[p] for p in OFFERED} == {Grant.REFUSED}


def test_welcome_questions_are_not_held_against_anybody() -> None:
    c = consent()
    for n, permission in enumerate(OFFERED):
        c.ask(permission, "alice", float(n))
        say(c, True, n + 0.1)
    assert all(c.granted(p) for p in OFFERED)


def test_an_unanswered_question_is_unwelcome() -> None:
    c = consent()
    now = 0.0
    for permission in (VIEW, CONTROL, FILES):
        c.ask(permission, "mallory", now)
    for _ in range(3):
        assert c.question is not None
        now = c.question.until
        c.tick(now)
    assert c.ask(Permission.CLIPBOARD, "mallory", now) == {Permission.CLIPBOARD}
    # the first of the three went unanswered two minutes ago
    assert c.question is not None


ACTS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(Permission)),
    st.tuples(st.just("answer"), st.integers(-1, 1), st.booleans()),
    st.tuples(st.just("withdraw"), st.sampled_from(Permission)),
    st.tuples(st.just("allow"), st.sampled_from(Permission)),
    st.tuples(st.just("wait"), st.floats(0, 90)),
)


@given(st.lists(ACTS, max_size=60))
def test_whatever_happens_grants_come_only_from_the_customer(acts: list[tuple[object, ...]]) -> None:
    c, now = consent(), 0.0
    for act in acts:
        before, question = c.grants, c.question
        match act:
            case ("ask", Permission() as permission):
                changed = c.ask(permission, "x", now)
            case ("answer", int() as off, bool() as yes):
                changed = c.answer((question.number if question else 0) + off, yes, now)
            case ("withdraw", Permission() as permission):
                changed = c.withdraw([permission], now)
            case ("allow", Permission() as permission):
                changed = c.allow(permission, now)
            case ("wait", float() as seconds):
                now += seconds
                changed = c.tick(now)
            case _:
                pytest.fail(str(act))
        new = {p for p in Permission if c.granted(p) and before[p] is not Grant.GRANTED}
        if act[0] == "allow":
            assert new <= {act[1]}
        elif act[0] == "answer":
            right = question is not None and act[1] == 0 and act[2] and now < question.until
            assert new == ({question.permission} if right and question else set())
        else:
            assert not new
        assert {p for p in Permission if c.grants[p] is not before[p]} <= changed
        if c.question is not None:
            assert c.grants[c.question.permission] is Grant.ASKING
        asking = {p for p in Permission if c.grants[p] is Grant.ASKING}
        assert not asking or c.question is not None  # nobody waits for a question that is never shown


# --- several technicians ---


def two() -> Consent:
    c = Consent(OFFERED)
    c.admit(ALICE, [VIEW])
    c.admit(BOB)
    return c


def test_a_grant_is_one_technicians() -> None:
    c = two()
    assert c.granted(ALICE, VIEW)
    assert not c.granted(BOB, VIEW)
    assert c.ask(BOB, VIEW, "bob", 0.0) == {(BOB, VIEW)}
    assert c.question is not None
    assert (c.question.who, c.question.technician) == ("bob", BOB)
    assert c.answer(c.question.number, True, 1.0) == {(BOB, VIEW)}
    assert c.withdraw([VIEW], 2.0, ALICE) == {(ALICE, VIEW)}
    assert c.granted(BOB, VIEW)
    assert not c.granted(ALICE, VIEW)
    assert c.withdraw([VIEW], 3.0) == {(BOB, VIEW)}


def test_one_question_over_all_technicians() -> None:
    c = two()
    c.ask(ALICE, CONTROL, "alice", 0.0)
    c.ask(BOB, CONTROL, "bob", 0.0)
    assert c.question is not None
    assert c.question.technician == ALICE
    c.answer(c.question.number, False, 1.0)
    assert c.question is not None
    assert c.question.technician == BOB
    c.answer(c.question.number, True, 1.0)
    assert c.granted(BOB, CONTROL)
    assert not c.granted(ALICE, CONTROL)


def test_who_is_nobody_here_is_granted_nothing_and_asks_nothing() -> None:
    c = two()
    c.ask(BOB, FILES, "bob", 0.0)
    c.ask(ALICE, CONTROL, "alice", 0.0)
    assert c.dismiss(ALICE, 1.0) == {(ALICE, VIEW)}
    assert not c.granted(ALICE, VIEW)
    assert not c.granted(ALICE, None)
    assert c.settled(ALICE, CONTROL)
    assert c.ask(ALICE, VIEW, "alice", 2.0) == frozenset()
    assert c.allow(ALICE, VIEW, 2.0) == frozenset()
    assert c.question is not None
    assert c.question.technician == BOB
    c.answer(c.question.number, False, 2.0)
    assert c.question is None  # hers is not put any more


def test_a_matter_is_asked_in_its_turn_and_answered_once() -> None:
    c = two()
    c.ask(ALICE, CONTROL, "alice", 0.0)
    proposal, _ = c.propose(ALICE, Matter.INVITE, "alice", 0.0)
    assert c.verdict(proposal) is None
    assert c.question is not None
    c.answer(c.question.number, True, 1.0)
    assert c.question.permission is Matter.INVITE
    assert c.answer(c.question.number, True, 2.0) == frozenset()
    assert c.verdict(proposal) is True
    assert c.verdict(proposal) is None


@pytest.mark.parametrize("how", ["no", "late", "dismissed", "nobody", "enough"])
def test_a_matter_without_a_yes_is_a_no(how: str) -> None:
    c = two()
    if how == "enough":
        for n in range(UNWELCOME):
            c.ask(BOB, CONTROL, "bob", float(n))
            assert c.question is not None
            c.answer(c.question.number, False, float(n))
    proposal, _ = c.propose(9 if how == "nobody" else BOB, Matter.INVITE, "bob", 3.0)
    if how == "no":
        assert c.question is not None
        c.answer(c.question.number, False, 4.0)
    elif how == "late":
        c.tick(3.0 + ANSWER_WITHIN)
    elif how == "dismissed":
        c.dismiss(BOB, 4.0)
    assert c.verdict(proposal) is False
    assert c.question is None


def test_a_matter_nobody_waits_for_is_taken_off() -> None:
    c = two()
    proposal, _ = c.propose(ALICE, Matter.INVITE, "alice", 0.0)
    c.call_off(proposal, 1.0)
    assert c.question is None
    assert c.verdict(proposal) is None
