"""Which looks a visit has: every probe finds its fact."""

from __future__ import annotations

from pathlib import Path

from rs_agent.config import read
from rs_agent.doctor.facts import Chosen, Clock, Way
from rs_agent.doctor.probes import PROBES
from rs_agent.doctor.verdict import examine
from rs_agent.doctor.visit import facts
from rs_relay.errors import UsageError


def test_every_probe_is_given_a_fact(tmp_path: Path) -> None:
    environ = {"RS_CONFIG_DIR": str(tmp_path), "RS_STATE_DIR": str(tmp_path)}
    settings = read({"relay": "ws://127.0.0.1:9", "desktop": "headless"}, environ, tmp_path)
    seen = facts(settings)
    assert {probe.of for probe in PROBES} == set(seen)
    assert isinstance(seen["way"], Way)
    assert isinstance(seen["clock"], Clock)
    assert isinstance(seen["chosen"], Chosen)
    assert [r.finding.reason for r in examine(seen, PROBES) if not r.finding.reason] == []


def test_settings_that_cannot_be_read_are_told_in_their_place(tmp_path: Path) -> None:
    environ = {"RS_CONFIG_DIR": str(tmp_path), "RS_STATE_DIR": str(tmp_path)}
    wrong = UsageError("No.")
    seen = facts(read({"relay": "http://[", "desktop": "headless"}, environ, tmp_path), wrong)
    assert seen["chosen"] is wrong
    assert isinstance(seen["way"], UsageError)
    assert seen["clock"] is seen["way"]
