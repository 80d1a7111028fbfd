"""A customer without Python: the page's other line, in a system that has a shell and little else, and all of a session.

The file is frozen once for all of this (15 s). `make agents FROZEN=1` makes it as customers get it.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import bare
from tests.support.bare import BareSystem
from tests.support.stage import BIN, CODE, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop, until

pytestmark = [
    pytest.mark.skipif(not bare.usable(), reason="a system of its own needs root and mount namespaces"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("frozen"),
]
NAME = "rs-agent-linux-x86_64"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> BareSystem:
    return BareSystem(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def stage(desktop: XDesktop, tmp_path: Path, frozen_release: tuple[Path, int]) -> Iterator[RsStage]:
    folder = tmp_path / "stage"
    folder.mkdir()
    shutil.copytree(frozen_release[0], folder / "relay", copy_function=os.link)
    made = RsStage(desktop.display, folder)
    made.port = frozen_release[1]
    with made:
        yield made


def _line(stage: RsStage) -> str:
    """The page's, for who has no Python."""
    page = urllib.request.urlopen(stage.url.replace("ws", "http", 1) + "/join").read().decode()
    (line,) = [
        html.unescape(one) for one in re.findall(r"<pre>([^<]*)</pre>", page) if f"/{NAME}" in one and "sh " in one
    ]
    return line.removesuffix(" join")


def _start(stage: RsStage, system: BareSystem, line: str, *, display: bool = True) -> Terminal:
    command = system.command("/bin/sh", "-c", line, environ={"DISPLAY": stage.display} if display else {})
    return stage._exit.enter_context(Terminal(command, dict(os.environ), columns=110))


def _left(system: BareSystem) -> set[str]:
    """What lies in the folders for what is temporary and for what is kept."""
    cache = system.home / ".cache" / "rs" / "agent"
    return {path.name.partition("-")[0] for path in [*(system.root / "tmp").iterdir(), *cache.iterdir()]}


def test_there_is_no_python(system: BareSystem) -> None:
    assert system.run("python3", "--version").returncode == 127
    assert not list(system.root.rglob("*python*"))


def test_from_the_page_to_all_of_a_session(stage: RsStage, system: BareSystem, tmp_path: Path) -> None:
    allow = "view,control,clipboard,files,shell,info"
    stage.agent = _start(stage, system, f"{_line(stage)} --console --allow {allow}")
    stage.join(stage.code())
    session = stage.session
    stage.run("chat", session, "hello there")
    stage.agent.wait_for("hello there", 20)
    stage.run("screenshot", session, str(tmp_path / "a.png"), timeout=60)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "note.txt").write_text("a note")
    stage.run("send-file", session, str(tmp_path / "note.txt"))
    assert (system.home / "Downloads" / "rs" / "note.txt").read_text() == "a note"
    around = stage.run("exec", session, "--", "env")
    assert "HOME=/home/kim" in around
    assert not re.search("^(LD_LIBRARY_PATH|PYTHON|_PYI|TCL|TK_|SSL_CERT)", around, re.MULTILINE)
    assert stage.run("exec", session, "--", "id", "-u").strip() == str(bare.UID)
    assert "Linux" in stage.run("info", session)
    stage.agent.type("stop\n")
    stage.agent.wait_for("The session is over", 20)
    assert stage.agent.wait() == 0
    assert _left(system) == {"program"}


def test_the_window_opens_and_the_next_start_unpacks_nothing(
    stage: RsStage, system: BareSystem, desktop: XDesktop
) -> None:
    with _start(stage, system, f"{_line(stage)} --version") as first:
        first.wait()
    (place,) = (system.home / ".cache" / "rs" / "agent").iterdir()
    inode = place.stat().st_ino
    with _start(stage, system, f"sh {NAME}") as agent:
        desktop.wait_for_window("Nobody is connected to this computer")
        agent.process.kill()
        agent.wait()
    assert _left(system) == {"program"}  # killed, it leaves nothing more than it had
    assert place.stat().st_ino == inode
    with _start(stage, system, f"sh {NAME} --console") as again:
        again.wait_for(CODE, 40)
        assert "Unpacking" not in again.text
    assert place.stat().st_ino == inode


def test_it_comes_back_after_a_restart(stage: RsStage, system: BareSystem) -> None:
    system.script("systemctl", 'echo "$@" >>/tmp/asked')
    system.start_anew("8a0ad2e1-0000-4000-8000-000000000001")
    stage.agent = _start(stage, system, f"{_line(stage)} --console --desktop headless --allow view,power")
    stage.join(stage.code())
    waiting = stage.begin("reboot", stage.session, "--wait", "--delay", "5")
    until((system.root / "tmp" / "asked").exists, "the restart")
    assert "reboot" in (system.root / "tmp" / "asked").read_text()
    entry = system.home / ".config" / "autostart" / "rs-agent-resume.desktop"
    command = re.search("^Exec=(.*)$", entry.read_text(), re.MULTILINE)
    assert command
    assert f"{bare.HOME}/{NAME}" in command[1]
    stage.agent.process.kill()
    stage.agent.wait()
    system.start_anew("8a0ad2e1-0000-4000-8000-000000000002")
    stage.agent = _start(stage, system, command[1], display=False)
    stage.agent.wait_for("This computer was restarted", 40)
    assert waiting.wait(60) == 0
    assert not entry.exists()
    stage.run("chat", stage.session, "back again")
    stage.agent.wait_for("back again", 20)
    (system.root / "tmp" / "asked").unlink()


def test_the_manifest_says_what_it_is(frozen_release: tuple[Path, int], stage: RsStage, system: BareSystem) -> None:
    agents = frozen_release[0] / "agents"
    said = json.loads((agents / "manifest.json").read_bytes())["programs"]["linux-x86_64"]
    data = (agents / NAME).read_bytes()
    assert (said["name"], said["size"]) == (NAME, len(data))
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    assert said["glibc"].startswith("2.")
    assert said["sha256"] in _line(stage)
    verify = [str(BIN / "rs-relay"), "agents", "verify", "--data", str(frozen_release[0])]
    assert subprocess.run(verify, capture_output=True).returncode == 0
    with _start(
        stage, system, _line(stage).replace("sha256sum", "sed s/$/x/ | sha256sum") + "; echo status $?"
    ) as agent:
        agent.wait_for("status 1", 60)  # the line's own check
