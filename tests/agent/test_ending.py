"""Stop means stop. What must be a process of its own is one: signals, and a main thread that hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from rs_agent.ending import Ending

HANGING = """
import sys, threading, time
from rs_agent.ending import Ending
ending = Ending()
ending.status = 7
ending.let_go = lambda: print("let go", flush=True)
ending.hear_signals()
print("ready", flush=True)
{hang}
"""
HANGS = {
    "in Python": "while True: pass",
    "in C": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "in an event loop": "import asyncio\nasync def f(): time.sleep(60)\nasyncio.run(f())",
}
CASES = [(where, signal.SIGINT) for where in HANGS] + [("in C", signal.SIGTERM), ("in C", signal.SIGHUP)]


@pytest.mark.parametrize(("where", "number"), CASES)
def test_a_program_that_hangs_is_gone_within_a_second(where: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING.format(hang=HANGS[where])], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        took = time.monotonic() - began
    assert process.returncode == 7
    assert out == b"let go\n"
    assert err == b""
    assert took < 10  # one second is promised; the test allows for a busy machine


def test_letting_go_that_hangs_does_not_hold_it_up() -> None:
    exits: list[int] = []
    gone = threading.Event()

    def leave(status: int) -> None:
        exits.append(status)
        gone.set()

    ending = Ending(grace=0.1, exit=leave)
    ending.let_go = lambda: time.sleep(60)
    ending.pull()
    assert gone.wait(10)
    assert exits == [0]


def test_a_program_that_ends_in_time_is_left_alone() -> None:
    exits: list[int] = []
    ending = Ending(grace=0.2, exit=exits.append)
    ending.pull()
    ending.over()
    for thread in threading.enumerate():
        if thread.name == "watchdog":
            thread.join(10)
    assert exits == []


async def test_the_loop_is_told_from_any_thread() -> None:
    ending = Ending(grace=60, exit=lambda status: None)
    waiting = asyncio.create_task(ending.wait())
    await asyncio.sleep(0)
    await asyncio.to_thread(ending.pull)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(ending.wait(), 10)  # whoever comes later is told as well
    assert ending.pulled
    ending.over()


def test_pulling_twice_is_pulling_once() -> None:
    ending = Ending(grace=60, exit=lambda status: None)
    before = set(threading.enumerate())  # by name, and without those of other tests, which may end meanwhile
    for _ in range(5):
        ending.pull()
    assert [thread.name for thread in set(threading.enumerate()) - before].count("watchdog") == 1
    ending.over()


def test_the_real_thing_ends_the_process() -> None:
    code = "from rs_agent.ending import Ending\nimport time\ne = Ending(0.1)\ne.status = 3\ne.pull()\ntime.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, timeout=30, check=False).returncode == 3
