"""The agent's end of the window's pipe, with a process of ours in the window's place."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from rs_agent.ui.base import InForce, Summary
from rs_agent.ui.face import child, pipe
from rs_relay.channels.draw import Tool
from rs_relay.link.spec import Permission
from tests.support.customer import until


class Customer:
    """Remembers what was done; `stop` may come from any thread."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []

    def stop(self) -> None:
        self.done.append(("stop",))

    def leave(self) -> None:
        self.done.append(("leave",))

    def answer(self, number: int, yes: bool) -> None:
        self.done.append(("answer", number, yes))

    def heed(self, number: int) -> None:
        self.done.append(("heed", number))

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        self.done.append(("withdraw", *permissions))

    def allow(self, permission: Permission, who: str = "") -> None: ...

    def remove(self, who: str) -> None: ...

    def pause(self, on: bool) -> None:
        self.done.append(("pause", on))

    def say(self, text: str) -> None:
        self.done.append(("say", text))

    def draw(self, tool: Tool) -> None:
        self.done.append(("draw", tool))

    def erase(self) -> None:
        self.done.append(("erase",))

    def forbid_drawing(self, on: bool) -> None:
        self.done.append(("forbid", on))

    def stop_restart(self) -> None:
        self.done.append(("stop-restart",))


# Says what it is told to by its arguments, then repeats to a file what it hears, until that ends.
WINDOW = """
import sys
from rs_agent.ui.face import pipe
from rs_relay.glass import framing
from rs_relay.link.spec import Permission
out = sys.stdout.buffer
for said in eval(sys.argv[1]):
    out.write(framing.pack(said))
out.flush()
if sys.argv[2]:
    with open(sys.argv[2], "wb") as file:
        while data := sys.stdin.buffer.read1(65536):
            file.write(data)
            file.flush()
"""


def window(says: str, heard: Path | None = None, folder: Path = Path("/nowhere")) -> child.Window:
    return child.Window(started(WINDOW, says, str(heard or "")), "help.example.org", folder, reveal=lambda folder: None)


def started(*program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


ALL = """[pipe.Ready(), pipe.Answer(3, True), pipe.Heed(4), pipe.Withdraw((Permission.VIEW,)), pipe.Pause(True),
pipe.Say("hi"), pipe.Erase(), pipe.Forbid(True), pipe.StopRestart(), pipe.OpenFolder(), pipe.Stop()]"""


async def test_all_that_the_customer_does_is_done(tmp_path: Path) -> None:
    waits = WINDOW.replace("for said", "sys.stdin.buffer.read(1)\nfor said")  # until we listen
    process = started(waits, ALL, str(tmp_path / "heard"))
    revealed: list[Path] = []
    face = child.Window(process, "help.example.org", tmp_path, reveal=revealed.append)
    customer = Customer()
    face.open(customer)
    assert await asyncio.to_thread(face.opened)
    await until(lambda: revealed and ("stop",) in customer.done)
    assert set(customer.done) == {
        ("answer", 3, True), ("heed", 4), ("withdraw", Permission.VIEW), ("pause", True), ("say", "hi"), ("erase",),
        ("forbid", True), ("stop-restart",), ("stop",),
    }  # fmt: skip
    assert revealed == [tmp_path]
    face.close()
    process.wait(10)


async def test_stop_is_heard_while_the_event_loop_hangs() -> None:
    face = window("[__import__('time').sleep(0.5) or pipe.Ready(), pipe.Stop()]", Path("/dev/null"))
    customer = Customer()
    face.open(customer)
    for _ in range(500):
        if customer.done:
            break
        __import__("time").sleep(0.02)  # the loop hangs
    assert customer.done == [("stop",)]
    face.close()


async def test_a_window_that_dies_takes_the_session_with_it() -> None:
    face = window("[pipe.Ready()]")
    customer = Customer()
    face.open(customer)
    await until(lambda: customer.done == [("leave",)])
    face.close()


@pytest.mark.parametrize("says", ["[]", "[pipe.Cannot('local', 'The display could not be opened.')]"])
def test_no_window_is_known_as_such(says: str) -> None:
    assert not window(says).opened()


def test_without_a_display_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    if sys.platform.startswith("linux"):
        assert child.start() is None


async def test_what_is_shown_arrives_and_a_window_that_reads_nothing_holds_up_nobody(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    face = window("[pipe.Ready()]", heard)
    face.open(Customer())
    face.code("482-915-733", 10)
    face.in_force(InForce(connected=("alice",), session=True))
    face.notice("something")
    face.chat("alice", "hello")
    face.hot_key("Ctrl+Alt+End")
    face.summary(Summary(("alice",), 1.0, (), (), "over"))
    await until(lambda: heard.exists() and b"over" in heard.read_bytes())
    for word in (b"482-915-733", b"alice", b"something", b"hello", b"Ctrl+Alt+End"):
        assert word in heard.read_bytes()
    for _ in range(3 * child.BACKLOG):
        face.notice("x" * 1000)
    face.close()


def test_what_a_window_says_is_validated() -> None:
    from rs_relay.errors import PeerBroke

    for body in (b"", b"\x91", b"\x93\xa6answer\x01\x01", b"\x92\xa4draw\xa5spoon"):
        with pytest.raises(PeerBroke):
            pipe.from_window(body)
