"""A customer with a browser and a plain Python: the page's own line, a code, a session with chat and the screen."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.stage import BIN, CODE, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop

# The Python of the system, of this one's version, without anything that a venv or pip has brought.
PLAIN = f"/usr/bin/python3.{sys.version_info[1]}"
# The one that the venv was made of, which has Tk: its process of the window finds nothing of the venv either.
WITH_TK = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
pytestmark = [
    pytest.mark.skipif(not shutil.which(PLAIN), reason=f"there is no {PLAIN} here"),
    pytest.mark.xdist_group("download"),
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A relay's data folder with a release in it, and the port that it was made for."""
    port = free_port()
    data = tmp_path_factory.mktemp("release") / "relay"
    command = [str(BIN / "rs-relay"), "agents", "build", "--fast", "--data", str(data), "--relay"]
    subprocess.run([*command, f"ws://127.0.0.1:{port}"], check=True, capture_output=True, timeout=110)
    return data, port


@pytest.fixture
def stage(desktop: XDesktop, tmp_path: Path, release: tuple[Path, int]) -> Iterator[RsStage]:
    folder = tmp_path / "stage"
    folder.mkdir()
    shutil.copytree(release[0], folder / "relay")
    made = RsStage(desktop.display, folder)
    made.port = release[1]
    with made:
        yield made


def _line(stage: RsStage) -> str:
    page = urllib.request.urlopen(stage.url.replace("ws", "http", 1) + "/join").read().decode()
    line = re.search(r"<pre>([^<]*curl[^<]*pyz[^<]*sha256sum[^<]*)</pre>", page)
    assert line
    return html.unescape(line[1]).replace("python3 ", f"{PLAIN} -I ").removesuffix(" join") + " --console"


def _environment(stage: RsStage) -> dict[str, str]:
    """An account that has nothing."""
    bin = stage.folder / "bin"
    return {"HOME": str(stage.home), "PATH": f"{bin}:/usr/bin:/bin", "DISPLAY": stage.display, "LANG": "C.UTF-8",
            "TERM": "xterm"}  # fmt: skip


def _start(stage: RsStage, line: str) -> Terminal:
    command = ["/bin/sh", "-c", f"cd '{stage.home}' && {line}"]
    return stage._exit.enter_context(Terminal(command, _environment(stage), columns=110))


def test_from_the_page_to_a_picture(stage: RsStage, tmp_path: Path) -> None:
    stage.agent = _start(stage, _line(stage) + " --allow view,shell")
    stage.join(stage.code())
    stage.run("chat", stage.session, "hello there")
    stage.agent.wait_for("hello there", 20)
    stage.run("screenshot", stage.session, str(tmp_path / "a.png"), timeout=60)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "PYTHONPATH" not in stage.run("exec", stage.session, "--", "/usr/bin/env")
    cache = stage.home / ".cache" / "rs" / "agent"
    assert cache.stat().st_mode & 0o777 == 0o700


def test_the_next_time_it_starts_with_nothing_fetched(stage: RsStage) -> None:
    with _start(stage, _line(stage)) as first:
        first.wait_for(CODE, 40)
        deadline = time.monotonic() + 30  # the ciphers come behind the code
        cache = stage.home / ".cache" / "rs" / "agent"
        while not any(cache.glob("*/cryptography")) and time.monotonic() < deadline:
            time.sleep(0.05)
    (stage.folder / "relay" / "agents").rename(stage.folder / "gone")
    with _start(stage, f"{PLAIN} -I rs-agent.pyz --console") as again:
        again.wait_for(CODE, 40)


@pytest.mark.parametrize("face", ["--console", ""])
def test_the_code_needs_no_more_than_the_page_says(stage: RsStage, desktop: XDesktop, face: str) -> None:
    line = _line(stage).removesuffix(" --console").replace(PLAIN, WITH_TK)
    agents = stage.folder / "relay" / "agents"
    said = json.loads((agents / "manifest.json").read_bytes())
    (modules,) = said["targets"].values()
    first = {modules[name] for name in said["first"] if name in modules}
    for path in agents.glob("*.tar.xz"):
        if path.name not in first:
            path.unlink()
    with _start(stage, f"{line} {face}") as agent:
        if face:
            agent.wait_for(CODE, 40)
            assert "no Tk" not in agent.text  # where nobody wants a window
        else:
            desktop.wait_for_window("Nobody is connected to this computer")


def test_what_was_tampered_with_is_not_run(stage: RsStage) -> None:
    agents = stage.folder / "relay" / "agents"
    line = _line(stage)
    (msgspec,) = agents.glob("msgspec-*")
    data = bytearray(msgspec.read_bytes())
    data[100] ^= 1
    msgspec.write_bytes(data)
    with _start(stage, line) as agent:
        agent.wait_for("not what it should be", 40)
    program = bytearray((agents / "rs-agent.pyz").read_bytes())
    program[-2000] ^= 1
    (agents / "rs-agent.pyz").write_bytes(program)
    with _start(stage, line + "; echo status $?") as agent:
        agent.wait_for("status 1", 40)  # the line's own check
        assert "code" not in agent.text


def test_an_old_python_is_told(stage: RsStage) -> None:
    environment = {**_environment(stage), "PYTHONPATH": ""}
    fake = stage.folder / "old.py"
    fake.write_text(
        "import sys, runpy\nsys.version_info = (3, 9, 2, 'final', 0)\nsys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    program = stage.folder / "relay" / "agents" / "rs-agent.pyz"
    done = subprocess.run([PLAIN, str(fake), str(program)], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9" in done.stderr


@pytest.mark.skipif(
    subprocess.run([PLAIN, "-c", "import _tkinter"], capture_output=True).returncode == 0, reason="this Python has Tk"
)
def test_without_tk_it_goes_on_in_the_terminal_and_says_why(stage: RsStage) -> None:
    with _start(stage, _line(stage).removesuffix(" --console")) as agent:
        agent.wait_for("no Tk", 40)
        agent.wait_for(CODE, 40)


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no chromium here")
def test_a_browser_shows_the_code_and_keeps_it_to_itself(stage: RsStage, tmp_path: Path) -> None:
    page = stage.url.replace("ws", "http", 1) + "/join#482-915-733"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    done = subprocess.run([*command, page], capture_output=True, text=True, timeout=100, env={**os.environ})
    assert '<span class="code">482-915-733</span>' in done.stdout
    assert 'class="mine"' in done.stdout
    # As a group of its own: three digits may stand in a key's 64, or in a port, by chance.
    assert not re.search(r"\b482\b|482.?915|915.?733", (stage.folder / "relay.log").read_text())
