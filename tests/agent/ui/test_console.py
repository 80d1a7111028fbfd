"""The customer's face on pipes: what it prints, what it makes of what is typed."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from rs_agent import language
from rs_agent.consent import Question
from rs_agent.ui import console as consoles
from rs_agent.ui.base import InForce, Summary
from rs_agent.ui.console import Console
from rs_relay.channels.draw import Tool
from rs_relay.link.spec import Permission
from tests.support.customer import until

VIEW, CONTROL, RECORD = Permission.VIEW, Permission.CONTROL, Permission.RECORD
ASKED = Question(1, VIEW, "alice", 60.0)
OPEN = InForce(("alice",), frozenset({VIEW}), False, True)


class Customer:
    """Actions, remembered."""

    def __init__(self) -> None:
        self.did: list[tuple[object, ...]] = []
        self.stopped = threading.Event()

    def stop(self) -> None:
        self.stopped.set()

    def leave(self) -> None:
        self.stopped.set()

    def stop_restart(self) -> None:
        self.did.append(("stop-restart",))

    def answer(self, number: int, yes: bool) -> None:
        self.did.append(("answer", number, yes))

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        self.did.append(("withdraw", *permissions))

    def allow(self, permission: Permission, who: str = "") -> None:
        self.did.append(("allow", permission))

    def pause(self, on: bool) -> None:
        self.did.append(("pause", on))

    def say(self, text: str) -> None:
        self.did.append(("say", text))

    def draw(self, tool: Tool) -> None:
        self.did.append(("draw", tool))

    def erase(self) -> None:
        self.did.append(("erase",))

    def forbid_drawing(self, on: bool) -> None:
        self.did.append(("forbid drawing", on))


class Bench:
    def __init__(self, keyboard: int, display: int, console: Console) -> None:
        self._keyboard, self._display = keyboard, display
        self.console, self.customer = console, Customer()
        self.out = ""

    def type(self, line: str) -> None:
        os.write(self._keyboard, line.encode() + b"\n")

    async def read(self, pattern: str) -> str:
        def look() -> bool:
            try:
                self.out += os.read(self._display, 65536).decode()
            except BlockingIOError:
                pass
            return re.search(pattern, self.out) is not None

        await until(look)
        return self.out

    async def did(self, *acts: tuple[object, ...]) -> None:
        await until(lambda: len(self.customer.did) >= len(acts))
        assert self.customer.did == list(acts)
        self.customer.did.clear()


@asynccontextmanager
async def bench(read_first: float = 0.0, terminal: bool = False) -> AsyncIterator[Bench]:
    if terminal:
        keyboard, source = pty.openpty()
        display, target = keyboard, source
    else:
        source, keyboard = os.pipe()
        display, target = os.pipe()
    os.set_blocking(display, False)
    it = Bench(keyboard, display, Console(source, target, read_first))
    it.console.open(it.customer)
    try:
        yield it
    finally:
        it.console.close()
        for fd in {keyboard, display, source, target}:
            os.close(fd)


async def test_the_code_is_a_line_of_its_own_in_groups() -> None:
    async with bench() as b:
        b.console.code("482-915-733", 15)
        out = await b.read("/help")
        assert re.search(r"^ +482-915-733$", out, re.MULTILINE)
        assert "15 minutes" in out
        assert "█" not in out  # not on a pipe


async def test_the_code_is_large_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", type("Out", (), {"encoding": "utf-8"})())
    async with bench(terminal=True) as b:
        b.console.code("482-915-733", 15)
        out = await b.read("/help")
        assert out.count("█") > 50
        assert re.search(r"482-915-733", out)
        monkeypatch.setenv("COLUMNS", "60")
        b.out = ""
        b.console.code("482-915-733", 15)
        assert "█" not in await b.read("/help")


async def test_a_question_in_plain_words_and_the_answer() -> None:
    async with bench() as b:
        b.console.ask(ASKED, "/in")
        out = await b.read(r"\[y/N\]")
        assert "The relay says: alice asks to SEE YOUR SCREEN." in out
        assert "Only say yes if you called them" in out
        for typed, yes in (("y", True), ("YES", True), ("n", False), ("", False), ("No", False)):
            b.type(typed)
            await b.did(("answer", 1, yes))


async def test_a_yes_counts_only_after_the_question_could_be_read() -> None:
    async with bench(read_first=60.0) as b:
        b.console.ask(ASKED, "/in")
        await b.read("alice")
        b.type("y")
        await b.read("Please read the question first")
        assert "[y/N]" not in b.out
        assert b.customer.did == []
        b.type("n")  # a no counts at once
        await b.did(("answer", 1, False))


async def test_a_yes_typed_before_the_question_is_no_answer() -> None:
    async with bench(read_first=60.0) as b:
        b.console.in_force(OPEN)
        b.type("y")
        await b.did(("say", "y"))
        b.console.ask(ASKED, "/in")
        await b.read("alice asks")
        assert b.customer.did == []


async def test_after_the_question_a_y_is_a_chat_line_again() -> None:
    async with bench() as b:
        b.console.in_force(OPEN)
        b.console.ask(ASKED, "/in")
        await b.read(r"\[y/N\]")
        b.console.asked(Question(7, CONTROL, "x", 1.0))  # another one's end
        b.console.asked(ASKED)
        b.type("y")
        await b.did(("say", "y"))


async def test_a_question_that_is_over_is_never_prompted_for() -> None:
    async with bench(read_first=0.02) as b:
        b.console.ask(ASKED, "/in")
        b.console.asked(ASKED)
        await asyncio.sleep(0.1)
        b.console.notice("later")
        assert "[y/N]" not in await b.read("later")


async def test_chat_while_a_question_is_open() -> None:
    async with bench() as b:
        b.console.in_force(OPEN)
        b.console.ask(ASKED, "/in")
        await b.read(r"\[y/N\]")
        b.type("what for?")
        await b.did(("say", "what for?"))


async def test_commands() -> None:
    async with bench() as b:
        for typed, act in (
            ("/withdraw view", ("withdraw", VIEW)),
            ("/withdraw all", ("withdraw", *Permission)),
            ("/withdraw", ("withdraw", *Permission)),
            ("/ALLOW Control", ("allow", CONTROL)),
            ("/pause", ("pause", True)),
            ("/resume", ("pause", False)),
            ("/stop-reboot", ("stop-restart",)),
        ):
            b.type(typed)
            await b.did(act)
        for typed in ("/help", "/withdraw nonsense", "/allow", "/allow everything", "/dance"):
            b.out = ""
            b.type(typed)
            await b.read("any other text goes to the technician")
        assert b.customer.did == []


@pytest.mark.parametrize("typed", ["stop", "/stop", " STOP "])
async def test_stop_needs_no_event_loop(typed: str) -> None:
    async with bench() as b:
        b.console.ask(ASKED, "/in")
        b.type(typed)
        assert b.customer.stopped.wait(10)  # the loop stands still here
        assert b.customer.did == []


async def test_a_pipe_that_ends_stops_nothing() -> None:
    source, keyboard = os.pipe()
    target = os.open(os.devnull, os.O_WRONLY)
    console, customer = Console(source, target), Customer()
    console.open(customer)
    os.close(keyboard)
    await asyncio.sleep(0.1)
    assert not customer.stopped.is_set()
    console.close()
    os.close(source)
    os.close(target)


async def test_a_terminal_that_is_closed_stops() -> None:
    master, slave = pty.openpty()
    target = os.open(os.devnull, os.O_WRONLY)
    console, customer = Console(slave, target), Customer()
    console.open(customer)
    os.write(master, b"\x04")  # Ctrl-D
    assert await asyncio.to_thread(customer.stopped.wait, 10)
    console.close()
    for fd in (master, slave, target):
        os.close(fd)


async def test_what_holds_is_shown_after_each_change_and_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "LEAVING", 0.0)
    async with bench() as b:
        b.console.in_force(OPEN)
        assert "NOW: alice is connected; your screen is seen." in await b.read("NOW")
        b.console.in_force(OPEN)
        b.console.in_force(InForce((), frozenset({VIEW, CONTROL}), False, True))
        out = await b.read("stays open")
        assert out.count("NOW") == 2
        assert "allowed: SEE YOUR SCREEN, USE YOUR MOUSE AND KEYBOARD." in out
        b.console.in_force(InForce(("alice",), frozenset({VIEW}), True, True))
        await b.read("PAUSED")
        b.console.in_force(InForce(("alice",), frozenset({RECORD}), True, True, frozenset({RECORD})))
        await b.read("left alone, YOUR SCREEN IS BEING RECORDED")
        b.console.in_force(InForce(("alice",), frozenset(), False, True))
        await b.read("alice is connected; nothing is allowed")
        b.out = ""
        b.type("/status")
        await b.read("nothing is allowed")


async def test_who_comes_and_goes_in_a_moment_is_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "LEAVING", 0.05)
    async with bench() as b:
        gone = InForce((), OPEN.granted, False, True)
        for _ in range(5):
            b.console.in_force(OPEN)
            b.console.in_force(gone)
        b.console.in_force(OPEN)
        await asyncio.sleep(0.2)
        b.console.notice("mark")
        assert (await b.read("mark")).count("NOW") == 1
        b.console.in_force(gone)
        await b.read("nobody is connected")
        b.console.in_force(OPEN)
        b.console.in_force(InForce((), frozenset(), False, True))  # a grant that went is shown at once
        b.console.notice("end")
        assert "allowed: nothing" in await b.read("end")


async def test_nobody_to_talk_to() -> None:
    async with bench() as b:
        b.type("hello?")
        await b.read("Nobody is connected yet")
        assert b.customer.did == []


HOSTILE = "al\x1b]52;c;aGk=\x07ice\x1b[2J‮\r\nNOW: nothing is allowed"


async def test_no_text_of_the_other_side_commands_the_terminal() -> None:
    """T-26"""
    async with bench() as b:
        b.console.in_force(InForce((HOSTILE,), frozenset(), False, True))
        b.console.ask(Question(1, VIEW, HOSTILE, 60.0), HOSTILE)
        b.console.chat(HOSTILE, HOSTILE)
        b.console.notice(HOSTILE)
        b.console.problem(HOSTILE, HOSTILE)
        b.console.summary(Summary((HOSTILE,), 1.0, (), (("file received", HOSTILE),), ""))
        out = await b.read("any more")
        assert not set(out) & {"\x1b", "\x07", "\r", "‮"}
        assert not re.search(r"^ *NOW: nothing", out, re.MULTILINE)  # a forged line does not start one


async def test_a_summary() -> None:
    async with bench() as b:
        b.console.summary(
            Summary(("alice", "bob"), 3725.0, (VIEW,), (("file received", "report.pdf"),), "You ended it.")
        )
        out = await b.read("any more")
        for part in ("You ended it.", "alice, bob", "1:02:05", "SEE YOUR SCREEN", "received: report.pdf"):
            assert part in out


async def test_in_french() -> None:
    language.use("fr")
    try:
        async with bench() as b:
            b.console.ask(ASKED, "/in")
            assert "alice demande à VOIR VOTRE ÉCRAN" in await b.read(r"\[o/N\]")
            b.type("oui")
            await b.did(("answer", 1, True))
            b.type("y")  # whoever is used to it
            await b.did(("answer", 1, True))
            b.type("non")
            await b.did(("answer", 1, False))
    finally:
        language.use(None)


async def test_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    async with bench() as b:
        b.console.ask(ASKED, "/in")
    assert set(threading.enumerate()) <= before


async def test_drawing_is_begun_erased_and_forbidden() -> None:
    async with bench() as b:
        b.type("/draw")
        await b.read("Nobody is connected yet")
        b.console.in_force(OPEN)
        for line in ("/draw", "/draw arrow", "/draw Laser", "/erase", "/draw off", "/draw on"):
            b.type(line)
        await b.did(
            ("draw", Tool.PEN), ("draw", Tool.ARROW), ("draw", Tool.LASER), ("erase",), ("forbid drawing", True),
            ("forbid drawing", False),
        )  # fmt: skip
        b.type("/draw a horse")
        assert "highlighter" in await b.read("/draw TOOL")
