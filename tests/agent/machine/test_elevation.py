"""The administrator is asked by the system's own programs; what they answer, and that the prompt goes away again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from rs_agent.machine import elevation
from rs_relay.errors import LocalProblem, NotAllowed
from tests.support.machines import stand_in
from tests.support.xdesktop import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs of a Unix stand in")


def have(*names: str) -> dict[str, object]:
    return {"which": lambda name: f"/usr/bin/{name}" if name in names else None}


@pytest.mark.parametrize(
    ("tty", "environ", "programs", "first"),
    [
        (True, {"DISPLAY": ":0"}, ("pkexec", "sudo"), ["sudo", "--"]),
        (False, {"DISPLAY": ":0"}, ("pkexec", "sudo"), ["pkexec", "--disable-internal-agent"]),
        (False, {"WAYLAND_DISPLAY": "wayland-0"}, ("pkexec",), ["pkexec", "--disable-internal-agent"]),
        (False, {}, ("pkexec", "sudo"), ["sudo", "-n", "--"]),
        (False, {"DISPLAY": ":0"}, ("sudo",), ["sudo", "-n", "--"]),
    ],
)
def test_which_way(tty: bool, environ: dict[str, str], programs: tuple[str, ...], first: list[str]) -> None:
    assert elevation.way(tty, environ, **have(*programs)) == first  # type: ignore[arg-type]


def test_where_nobody_can_be_asked_it_says_what_to_do() -> None:
    with pytest.raises(LocalProblem) as refused:
        elevation.way(False, {}, **have("pkexec"))  # type: ignore[arg-type]
    assert "rs-agent service install" in refused.value.hint


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISPLAY", ":7")
    return tmp_path


async def test_what_it_reads_and_says(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = stand_in(asked, monkeypatch, pkexec=f'cat > "{asked}/read"; echo done; echo complains >&2; exit 5')
    said = await elevation.run(["/opt/rs-agent", "service"], b"secret")
    assert (said.status, said.out, said.err) == (5, "done\n", "complains\n")
    assert (asked / "read").read_bytes() == b"secret"
    assert notes.read_text() == "pkexec --disable-internal-agent /opt/rs-agent service\n"


@pytest.mark.parametrize(("status", "kind"), [(126, NotAllowed), (127, LocalProblem)])
async def test_a_no_and_nobody_to_ask(
    asked: Path, monkeypatch: pytest.MonkeyPatch, status: int, kind: type[Exception]
) -> None:
    stand_in(asked, monkeypatch, pkexec=f"exit {status}")
    with pytest.raises(kind):
        await elevation.run(["x"])


async def test_sudo_that_would_have_to_ask_at_a_terminal(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    stand_in(asked, monkeypatch, sudo="echo 'sudo: a password is required' >&2; exit 1")
    with pytest.raises(LocalProblem):
        await elevation.run(["x"])


async def test_a_prompt_that_nobody_answers_goes_away(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = asked / "pid"
    stand_in(asked, monkeypatch, pkexec=f'echo $$ > "{pid}.new"; mv "{pid}.new" "{pid}"; exec sleep 600')
    with pytest.raises(NotAllowed):
        await elevation.run(["x"], patience=0.5)
    asking = asyncio.create_task(elevation.run(["x"]))
    pid.unlink(missing_ok=True)
    await asyncio.to_thread(until, pid.exists, "the prompt")
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.to_thread(until, lambda: not _runs(int(pid.read_text())), "the end of the prompt")


def _runs(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
