"""Diagnostics with real programs of ours on this very computer."""

from __future__ import annotations

import json
import os
import subprocess

import psutil
import pytest

from tests.support.stage import RsStage
from tests.support.terminal import Terminal

pytestmark = pytest.mark.journey


def test_looked_at_and_changed_as_far_as_it_was_granted() -> None:
    with RsStage() as stage:
        stage.start_agent("--desktop", "headless", allow="info,shell")
        session = stage.join()
        told = json.loads(stage.run("info", session, "--json"))
        assert told["session"] == int(session)
        assert told["cpu"]["threads"] == os.cpu_count()
        assert told["memory"]["total"] == psutil.virtual_memory().total
        with Terminal(stage.command("info", session), stage.technician, columns=80) as terminal:
            assert terminal.process.wait(30) == 0
        assert "memory " in terminal.text
        with subprocess.Popen(["sleep", "987"]) as sleeper:
            found = json.loads(stage.run("ps", session, "sleep 987", "--json"))["processes"]
            assert sleeper.pid in {process["pid"] for process in found}
            assert stage.run("kill", session, str(sleeper.pid)).startswith(f"{sleeper.pid} sleep: TERM")
            assert sleeper.wait(10) == -15
        stage.agent.wait_for(rf"has ended the program sleep \({sleeper.pid}\)", 20)
        assert stage.attempt("kill", session, "4194303").returncode == 5
        assert stage.attempt("services", session, "restart", "no-such-service-at-all").returncode in (5, 13)
        stage.agent.type("/withdraw info\n")
        stage.agent.type("/withdraw shell\n")
        stage.agent.wait_for("NOW: (?!.*can be seen)(?!.*can be run)", 20)
        for verb in (["info"], ["ps"], ["logs"], ["services"], ["kill", "1"]):
            assert stage.attempt(verb[0], session, *verb[1:], "--timeout", "20").returncode == 3
