"""A display that goes and comes back: the X server killed while its screen is seen, and another in its place."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rs_relay.channels.control import messages as control
from rs_relay.channels.screen.messages import SPEC, Frame, Layout, Painted, Start
from tests.support.hostile_technician import hostile_link
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

pytestmark = pytest.mark.journey

SIZES = ((800, 600), (640, 480))


@pytest.fixture
def desktop() -> Iterator[XDesktop]:
    with XDesktop(SIZES[0]) as desktop:
        yield desktop


@pytest.fixture
def stage(desktop: XDesktop, tmp_path: Path) -> Iterator[RsStage]:
    with RsStage(desktop.display, tmp_path) as stage:
        stage.start_agent(allow="view,control,files")
        stage.join()
        yield stage


def again(desktop: XDesktop, width: int, height: int) -> None:
    """Another X server of the same number."""
    screen = f"{width}x{height}x24"
    desktop._popen(["Xvfb", desktop.display, "-screen", "0", screen, "-nolisten", "tcp"], "Xvfb-again", desktop.env)
    up = ["xdpyinfo", "-display", desktop.display]
    until(lambda: subprocess.run(up, capture_output=True, check=False).returncode == 0, "the next X server")


def framed(desktop: XDesktop) -> bool:
    return "rs: this screen is seen" in desktop.run("xwininfo", "-root", "-tree").stdout


class Eye:
    """A viewer that paints nothing and says that it did."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    async def sees(self, size: tuple[int, int], patience: float = 60.0) -> None:
        """A whole picture of that size."""
        fits = False
        async with asyncio.timeout(patience):
            while True:
                said = await self._channel.receive()
                if isinstance(said, Layout):
                    fits = (said.width, said.height) == size
                elif isinstance(said, Frame) and not said.more:
                    await self._channel.send(Painted(said.seq))
                    if fits:
                        return


def test_the_picture_and_the_hands_come_back_with_the_display(stage: RsStage, desktop: XDesktop) -> None:
    agent = psutil.Process(stage.agent.process.pid)

    async def technician() -> None:
        async with hostile_link(stage) as link:
            channel = await link.link.open(SPEC)
            hands = await link.link.open(control.SPEC)
            await channel.send(Start())
            eye = Eye(channel)
            await eye.sees(SIZES[0])
            await asyncio.to_thread(until, lambda: framed(desktop), "the frame round the screen")
            await hands.send(control.Move(11, 12))
            os.kill(desktop._started[0].pid, signal.SIGKILL)
            await asyncio.to_thread(stage.agent.wait_for, "The display of this computer is gone")
            await hands.send(control.Move(13, 14))
            assert isinstance(await asyncio.wait_for(hands.receive(), 30), control.Failed)
            before, since = sum(agent.cpu_times()[:2]), time.monotonic()
            await asyncio.to_thread(stage.run, "chat", stage.session, "still here")
            await asyncio.sleep(3)
            busy = (sum(agent.cpu_times()[:2]) - before) / (time.monotonic() - since)
            assert busy < 0.5  # of one processor, a command of the technician's included
            again(desktop, *SIZES[1])
            await eye.sees(SIZES[1])
            await asyncio.to_thread(stage.agent.wait_for, "The display of this computer is back")
            await asyncio.to_thread(until, lambda: framed(desktop), "the frame round the screen")
            await hands.send(control.Move(33, 44))
            where = ["xdotool", "getmouselocation"]
            await asyncio.to_thread(
                until,
                lambda: "x:33 y:44" in subprocess.run(where, env=desktop.env, capture_output=True, text=True).stdout,
                "the hands",
            )

    asyncio.run(technician())
    stage.run("screenshot", stage.session, str(stage.folder / "after.png"))
    assert "still here" in stage.agent.text
