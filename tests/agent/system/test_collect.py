from __future__ import annotations

import os
import time

from rs_agent.system import collect
from tests.support.machines import FakeMachine


def test_a_whole_look_takes_a_moment() -> None:
    collect.look(FakeMachine(), 1, 0)  # what is loaded at first is not measured
    began = time.monotonic()
    system = collect.look(FakeMachine(), 7, 3)
    assert time.monotonic() - began < 20  # 0.25 s where nothing else runs
    assert (system.id, system.os, system.routes, system.desktop) == (7, "Test 1", ("192.0.2.1 (eth0)",), "GNOME")
    assert len(system.by_cpu) == len(system.by_memory) == 3
    assert [p.memory for p in system.by_memory] == sorted((p.memory for p in system.by_memory), reverse=True)
    assert abs(system.now - time.time()) < 5


def test_no_more_programs_are_named_than_may_be() -> None:
    assert len(collect.look(FakeMachine(), 1, 10_000).by_cpu) <= collect.TOP
    assert collect.look(FakeMachine(), 1, -5).by_cpu == ()
    assert os.getpid() in {process.pid for process in collect.processes(0.0)}
