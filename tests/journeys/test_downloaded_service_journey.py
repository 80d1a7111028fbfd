"""A download as the service of the computer: root runs a copy; what that fetches or unpacks lies with its state."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted, impossible
from tests.support.stage import RsStage
from tests.support.xdesktop import until

# The Python of the system: what root runs is root's, as the one of a checkout need not be.
PLAIN = f"/usr/bin/python3.{sys.version_info[1]}"
HOME = "/var/lib/rs-agent"
FOLDER = "/home/rs-kim"
pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("frozen"),
    pytest.mark.skipif(bool(impossible()), reason=impossible()),
]


@pytest.fixture
def stage(tmp_path: Path, frozen_release: tuple[Path, int]) -> Iterator[RsStage]:
    folder = tmp_path / "stage"
    folder.mkdir()
    shutil.copytree(frozen_release[0], folder / "relay")
    made = RsStage(folder=folder)
    made.port = frozen_release[1]
    with made:
        yield made


def _typed(code: str) -> str:
    """As somebody else writes it down."""
    return code.title().replace(" ", "-") + "\n"


@pytest.mark.parametrize("name", ["rs-agent.pyz", "rs-agent-linux-x86_64"])
def test_it_serves_from_a_place_of_roots_and_leaves_nothing(
    stage: RsStage, tmp_path: Path, frozen_release: tuple[Path, int], name: str
) -> None:
    program = PLAIN if name.endswith(".pyz") else "/bin/sh"
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")
    with Booted(tmp_path / "computer") as computer:
        computer.say("install", "-d", "-o", "1234", FOLDER)
        computer.say("cp", str(frozen_release[0] / "agents" / name), FOLDER)
        computer.say("chown", "1234", f"{FOLDER}/{name}")
        before = computer.written()
        agent = (program, f"{FOLDER}/{name}")
        said = computer.say(*agent, "unattended", "enable", "--make-code", "--allow", "view,shell")
        access = re.findall("once: ([a-z]+ [a-z]+ [a-z]+ [a-z]+)$", said, re.MULTILINE)[0]
        easy = computer.run(*agent, "unattended", "reset-code", "--access-code-stdin", text="Password2026\n")
        assert "among the first that are tried" in easy.stderr
        assert "and runs" in computer.say(*agent, "service", "install")
        unit = computer.say("cat", "/etc/systemd/system/rs-agent.service")
        assert f'ExecStart="{program}" "{HOME}/program/{name}" "unattended"' in unit
        assert FOLDER not in unit

        computer.say("rm", "-r", FOLDER)  # nothing of the service is there
        computer.say("systemctl", "restart", "rs-agent")
        stage.run("devices", "add", re.findall(r"rsd_\S+", said)[0], "--name", "till")
        until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device", 60)
        session = stage.attempt("connect", "till", "--access-code-stdin", "--no-tui", text=_typed(access))
        assert session.returncode == 0, session.stderr
        inside = f"stat -c '%u %a' {HOME}/packages; echo >> {HOME}/program/{name} || echo no"
        assert stage.run("exec", session.stdout.strip(), "--", "sh", "-c", inside).split() == ["0", "700", "no"]

        again = (program, f"{HOME}/program/{name}")
        assert "no service" in computer.say(*again, "service", "remove")
        left = computer.written() - before
        assert {one for one in left if one.startswith(HOME)} == {f"{HOME}/agent-journal.jsonl"}
        assert not computer.exists("/etc/systemd/system/rs-agent.service")
