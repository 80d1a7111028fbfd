"""A face whose window goes with the display: what is shown in its place, what is taken back, and what comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rs_agent.consent import Question
from rs_agent.feature import Countdown
from rs_agent.ui.base import InForce, Summary
from rs_agent.ui.place import Server
from rs_agent.ui.shifting import Shifting
from rs_relay.link.spec import Permission
from tests.agent.ui.test_face_child import Customer
from tests.support.customer import FakeFace, until

HOLDS = InForce(("alice",), frozenset({Permission.FILES}), session=True)
QUESTION = Question(4, Permission.VIEW, "alice", 60.0)


class Closable(FakeFace):
    closed = False

    def close(self) -> None:
        self.closed = True


class Case:
    """A customer's session with a window; `server` is the display that there is."""

    def __init__(self, *, read: bool = False, unseen: bool = False, waits: bool = False) -> None:
        self.server: Server | None = Server(":1", (1, 1))
        self.window, self.console = Closable(), Closable()
        self.others: list[Closable] = []
        self.customer = Customer()
        self.face = Shifting(
            None if waits else self.window, self.another, self.console, read=read, unseen=unseen, waits=waits,
            look=lambda: self.server, again=0.01,
        )  # fmt: skip
        self.face.open(self.customer)

    def another(self) -> Closable:
        self.others.append(Closable())
        return self.others[-1]

    async def loses_its_display(self, server: Server | None = None) -> None:
        self.server = server
        assert self.window.actions is not None
        await asyncio.to_thread(self.window.actions.leave)
        await until(lambda: self.console.actions is not None)


async def test_a_window_that_is_closed_while_its_display_is_there_ends_the_session() -> None:
    case = Case()
    assert case.window.actions is not None
    await asyncio.to_thread(case.window.actions.leave)
    assert case.customer.done == [("leave",)]
    assert case.console.actions is None


async def test_what_nobody_sees_is_taken_back_and_asked_in_vain() -> None:
    case = Case()
    case.face.in_force(HOLDS)
    case.face.ask(QUESTION, "~")
    await case.loses_its_display()
    await until(lambda: len(case.customer.done) == 2)
    assert case.customer.done == [("withdraw", *Permission), ("answer", 4, False)]
    case.face.asked(QUESTION)
    case.face.in_force(InForce(("alice",), session=True))
    case.face.ask(Question(5, Permission.SHELL, "alice", 60.0), "~")
    await until(lambda: case.customer.done[-1] == ("answer", 5, False))


async def test_who_can_read_the_console_keeps_what_was_allowed() -> None:
    case = Case(read=True)
    case.face.in_force(HOLDS)
    case.face.ask(QUESTION, "~")
    await case.loses_its_display()
    await asyncio.sleep(0.05)
    assert case.customer.done == []
    assert case.console.now == HOLDS
    assert case.console.on_show == QUESTION
    case.face.notice("in the console")
    assert case.console.notices == ["in the console"]


async def test_the_window_comes_back_with_the_display_and_all_that_stands_in_it() -> None:
    case = Case()
    case.face.code("123-456-789", 10)
    case.face.hot_key("Ctrl+Alt+End")
    case.face.in_force(HOLDS)
    case.face.counting(Countdown("alice", 300.0))
    case.face.access_code("123 456 7890", "alice")
    await case.loses_its_display()
    case.face.in_force(InForce(("alice",), session=True))
    await asyncio.sleep(0.1)
    assert case.others == []  # no display, no window
    case.server = Server(":1", (2, 2))
    await until(lambda: case.others and case.others[0].notices)
    new = case.others[0]
    assert new.codes == []  # it is spent
    assert new.keys == ["Ctrl+Alt+End"]
    assert new.now == InForce(("alice",), session=True)
    assert new.restarts
    assert new.access_codes == [("123 456 7890", "alice")]
    assert "taken back" in new.notices[-1]
    case.face.notice("in the window")
    assert new.notices[-1] == "in the window"
    case.face.close()
    assert new.closed
    assert case.console.closed


async def test_another_server_of_the_same_number_is_no_reason_to_end() -> None:
    case = Case()
    await case.loses_its_display(Server(":1", (9, 9)))
    await until(lambda: case.others)
    assert case.customer.done == []


async def test_a_code_that_still_holds_is_shown_again() -> None:
    case = Case()
    case.face.code("123-456-789", 10)
    await case.loses_its_display(Server(":1", (9, 9)))
    await until(lambda: case.others and case.others[0].codes == ["123-456-789"])


async def test_a_device_has_a_window_for_each_session_and_keeps_what_its_owner_allowed() -> None:
    case = Case(read=True, unseen=True, waits=True)
    await asyncio.sleep(0.05)
    assert case.others == []  # nobody is there
    case.face.in_force(HOLDS)
    await until(lambda: case.others and case.others[0].now == HOLDS)
    first = case.others[0]
    assert first.actions is not None
    first.actions.stop()
    assert case.customer.done == [("stop",)]
    case.face.in_force(InForce())
    case.face.summary(_summary(["alice"]))
    assert first.summaries
    assert first.closed
    case.face.in_force(HOLDS)
    await until(lambda: len(case.others) == 2)
    assert case.customer.done == [("stop",)]


def _summary(who: Iterable[str]) -> Summary:
    return Summary(tuple(who), 1.0, (), (), "over")
