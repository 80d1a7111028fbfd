from __future__ import annotations

import os
import subprocess
import sys
import time

from rs_agent.programs.kin import MARK, Process, kin, running


def of(pid: int, parent: int, group: int = 0, session: int = 0, marked: bool = False) -> Process:
    return Process(pid, parent, group or pid, session or pid, marked)


def test_kin_are_found_by_session_by_descent_and_by_the_mark() -> None:
    processes = [
        of(10, 1),
        of(11, 10, 10, 10),  # a child
        of(12, 1, 12, 10),  # a job of its shell whose parent has ended
        of(20, 11),  # a grandchild with a session of its own
        of(21, 20, 20, 20),
        of(30, 1, marked=True),  # a daemon
        of(31, 30),
        of(99, 1),
        of(98, 99),
    ]
    assert kin(10, processes) == {10, 11, 12, 20, 21, 30, 31}


def test_the_mark_is_found_where_session_and_parent_are_left_behind() -> None:
    script = "import os\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.execvp('sleep', ['sleep', '60'])"
    subprocess.run([sys.executable, "-c", script], env={**os.environ, MARK: "cafe"}, check=True)
    found: list[Process] = []
    deadline = time.monotonic() + 10
    try:
        while len(found) != 1 or found[0].session == os.getsid(0):  # those in between may still be on their way out
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
            found = [p for p in running("cafe") if p.marked]
        assert kin(1_000_000_000, found) == {found[0].pid}
    finally:
        for process in found:
            os.kill(process.pid, 9)
