"""macOS as far as another system can look: the launch agent's file, the argument lists."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from rs_agent.machine import macos
from rs_agent.machine.macos import MacOs
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem


async def test_a_launch_agent_is_written_and_removed_and_the_restart_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def ask(argv: tuple[str, ...], seconds: float) -> Said:
        asked.append(argv[0])
        return Said(len(asked) - 1, "", "User cancelled.")

    monkeypatch.setattr(macos, "ask", ask)
    mac = MacOs(tmp_path)
    mac.install(["/Applications/rs agent", "resume"])
    entry = plistlib.loads(mac.entry.read_bytes())
    assert entry["ProgramArguments"] == ["/Applications/rs agent", "resume"]
    assert entry["RunAtLoad"] is True
    await mac.reboot(False)
    with pytest.raises(LocalProblem):
        await mac.reboot(False)
    with pytest.raises(LocalProblem, match="by hand"):
        await mac.check(True)
    mac.remove()
    assert not mac.entry.exists()
