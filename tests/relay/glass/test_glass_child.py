"""A window's process as its parent knows it: another program in its place, which says what the test wants said."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

from rs_relay.errors import PeerBroke
from rs_relay.glass import child, framing
from rs_relay.glass.child import Child

LIMIT = 1000


def test_the_child_learns_nothing_it_does_not_need() -> None:
    ours = {
        "PATH": "/bin", "DISPLAY": ":5", "LC_ALL": "C.UTF-8", "RS_STATE_DIR": "/x", "RS_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "k", "SSH_AUTH_SOCK": "/s", "PYTHONSTARTUP": "/evil.py",
    }  # fmt: skip
    theirs = child.environment(ours)
    assert {"PATH", "DISPLAY", "LC_ALL"} <= set(theirs)
    assert not {"RS_STATE_DIR", "RS_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PYTHONSTARTUP"} & set(theirs)


def _in_place_of_python(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    fake = folder / "python"
    fake.write_text(f"#!{sys.executable}\nimport os, sys, time\n{program}\n")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))


async def _child(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> Child[object, object]:
    _in_place_of_python(monkeypatch, folder, program)
    return Child(await child.spawn("a.window"), msgspec.msgpack.decode, LIMIT)


async def test_what_is_sent_comes_back_and_the_end_of_its_input_ends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    echo = "while piece := os.read(0, 100): os.write(1, piece)"
    window = await _child(monkeypatch, tmp_path, echo)
    await window.send(["hello", 1])
    assert await window.first() == ["hello", 1]
    await window.close()
    assert await window.status() == 0
    assert await window.receive() is None


async def test_one_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child, "FAREWELL", 0.05)
    window = await _child(monkeypatch, tmp_path, "time.sleep(60)")
    await window.close()
    assert await window.status() < 0


async def test_one_that_never_begins_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child, "START", 0.05)
    window = await _child(monkeypatch, tmp_path, "time.sleep(60)")
    assert await window.first() is None
    await window.kill()
    await window.kill()  # nothing is wrong with twice
    await window.send(["to nobody"])


async def test_one_that_nobody_waits_for_any_more_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    window = await _child(monkeypatch, tmp_path, "time.sleep(60)")
    waiting = asyncio.create_task(window.first())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await window.status() < 0


async def test_too_long_a_message_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    header = framing.HEADER.pack(LIMIT + 1)
    window = await _child(monkeypatch, tmp_path, f"os.write(1, {header!r}); time.sleep(60)")
    with pytest.raises(PeerBroke):
        await window.receive()
    await window.kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_it_is_known_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert child.display_missing()
    monkeypatch.setenv("DISPLAY", ":1")
    assert not child.display_missing()
