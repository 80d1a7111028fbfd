from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from rs_cli.viewer import child, pipe
from rs_relay.channels.screen.messages import Layout, Painted
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.pictures import Painter, card
from tests.support.xdesktop import XDesktop


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
async def test_without_a_display_it_says_so_and_what_else_there_is(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(LocalProblem) as caught:
        await child.start()
    assert "rs screenshot" in caught.value.hint


async def test_a_display_that_cannot_be_opened(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987654")
    with pytest.raises(LocalProblem) as caught:
        await child.start()
    assert "display" in caught.value.message


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("import sys; sys.exit(3)", id="ends at once"),
        pytest.param("import os; os.write(1, b'\\0\\0\\0\\x01?'); import time; time.sleep(30)", id="says rubbish"),
    ],
)
async def test_a_viewer_that_does_not_begin(monkeypatch, tmp_path: Path, program: str):
    """Another program in its place, since ours does begin."""
    fake = tmp_path / "python"
    fake.write_text(f"#!{sys.executable}\n{program}\n")
    fake.chmod(0o700)
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises((LocalProblem, PeerBroke)):
        async with asyncio.timeout(20):
            await child.start()


@pytest.mark.journey
async def test_a_picture_there_and_credit_back_and_the_end(monkeypatch):
    with XDesktop((900, 600)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        viewer = await child.start()
        assert "jpeg" in viewer.codecs
        painter = Painter(300, 200)
        await viewer.send(pipe.Title("t"))
        await viewer.send(painter.layout)
        for frame in painter.frames(card(300, 200)):
            await viewer.send(frame)
        said = await viewer.receive()
        while isinstance(said, pipe.Hands):  # the window opened under the pointer, and says where that is
            said = await viewer.receive()
        assert said == Painted(1)
        await viewer.close()
        while isinstance(await viewer.receive(), pipe.Hands):
            pass  # the X server's pointer stands in the middle, on the picture
        assert await viewer.receive() is None
        assert await viewer.status() == 0


@pytest.mark.journey
async def test_its_window_is_seen_once_it_has_a_title(monkeypatch):
    with XDesktop((900, 600)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        viewer = await child.start()
        assert not desktop.run("xdotool", "search", "--onlyvisible", "--name", ".").stdout
        await viewer.send(pipe.Title("seen"))
        await asyncio.to_thread(desktop.wait_for_window, "seen")
        await viewer.close()


@pytest.mark.journey
async def test_one_that_is_not_needed_any_more_is_closed(monkeypatch):
    with XDesktop((900, 600)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        there = asyncio.create_task(child.start())
        viewer = await asyncio.shield(there)
        await child.dismiss(there)
        assert await viewer.status() == 0
        await child.dismiss(asyncio.create_task(child.start()))  # not there yet


async def test_one_that_could_not_open_its_window_needs_no_closing(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987654")
    failed = asyncio.create_task(child.start())
    await asyncio.wait([failed])
    await child.dismiss(failed)


@pytest.mark.journey
async def test_a_viewer_that_is_killed_is_noticed_and_nothing_breaks(monkeypatch):
    with XDesktop((900, 600)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        viewer = await child.start()
        viewer._process.kill()
        assert await viewer.receive() is None
        for _ in range(20):
            await viewer.send(Layout(1, 0, 0, 32, 32))
        await viewer.close()


@pytest.mark.journey
async def test_the_viewer_holds_three_streams_and_its_display(monkeypatch):
    """What it has open, looked at from outside: no socket but the X server's, no file of ours."""
    with XDesktop((900, 600)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        secret = os.open("/dev/zero", os.O_RDONLY)
        os.set_inheritable(secret, True)
        viewer = await child.start()
        try:
            opened, limits = _open_files(viewer._process.pid), _limits(viewer._process.pid)
            assert not any("zero" in name for name in opened)
            assert sum(name.startswith("socket:") for name in opened) <= 3  # asyncio's streams are sockets or pipes
            assert "Max core file size        0" in limits
        finally:
            os.close(secret)
            await viewer.close()


def _open_files(pid: int) -> list[str]:
    return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]


def _limits(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text()
