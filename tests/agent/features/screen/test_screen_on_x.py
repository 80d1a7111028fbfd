"""The screen feature on a real X server: what the viewer's picture holds is what the server shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rs_agent.desktop.x11.desktop import X11Desktop
from rs_agent.feature import Context
from rs_agent.features.screen.feature import ScreenFeature
from rs_relay.channels.screen.codecs import NAMES
from rs_relay.channels.screen.messages import SPEC, Frame, Layout, Painted, Start
from rs_relay.channels.screen.picture import Picture
from tests.support.channels import channel_pair
from tests.support.xdesktop import PATIENCE, XDesktop

pytestmark = pytest.mark.journey
MODE = ("small", "38.25", "800", "832", "912", "1024", "600", "603", "607", "624")  # an 800 x 600 of VESA's


class Face:
    def notice(self, text: str) -> None: ...

    def chat(self, name: str, text: str) -> None: ...


class Watching:
    """A viewer of an X desktop."""

    def __init__(self, x: XDesktop) -> None:
        self.x, self.picture, self.layouts = x, Picture(), 0
        self.copies = 0
        self.context = Context(X11Desktop(x.display), Face(), Path("nowhere"), "somebody")
        self.channel, self._theirs = channel_pair(SPEC)

    async def __aenter__(self) -> Watching:
        self._run = asyncio.create_task(ScreenFeature(self.context).run(self._theirs))
        await self.channel.send(Start(codecs=NAMES))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._run.cancel()
        await asyncio.gather(self._run, return_exceptions=True)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                match await self.channel.receive():
                    case Layout() as layout:
                        self.layouts += 1
                        self.picture.reset(layout)
                    case Frame() as frame:
                        self.copies += len(frame.copies)
                        self.picture.apply(frame)
                        if not frame.more:
                            await self.channel.send(Painted(frame.seq))

    def shows(self, path: Path) -> bool:
        """Whether each pixel is what the server shows now."""
        if not self.picture.exact:
            return False
        there = np.asarray(Image.open(self.x.screenshot(path)).convert("RGB"))
        return there.shape == self.picture.pixels.shape and bool((there == self.picture.pixels).all())


async def test_a_shell_is_seen_typed_into_and_scrolled(tmp_path: Path) -> None:
    with XDesktop((800, 600), wm=True) as x:
        go = tmp_path / "go"
        shell = f"echo ready; while ! test -e {go}; do sleep 0.1; done; seq 100000 100060; sleep 600"
        await asyncio.to_thread(x.xterm, shell, geometry="90x34+20+20")
        async with Watching(x) as viewer:
            await viewer.until(lambda: viewer.shows(tmp_path / "seen.png"))
            before = viewer.picture.pixels.copy()
            go.touch()
            viewer.context.pulse.beat()
            await viewer.until(
                lambda: bool((viewer.picture.pixels != before).any()) and viewer.shows(tmp_path / "seen.png")
            )
            assert viewer.layouts == 1


async def test_another_resolution_begins_a_new_picture(tmp_path: Path) -> None:
    with XDesktop((1024, 768)) as x:
        async with Watching(x) as viewer:
            await viewer.until(lambda: viewer.shows(tmp_path / "seen.png"))
            x.run("xrandr", "--newmode", *MODE, check=True)
            x.run("xrandr", "--addmode", "screen", MODE[0], check=True)
            x.run("xrandr", "--output", "screen", "--mode", MODE[0], check=True)
            await viewer.until(lambda: viewer.layouts > 1 and viewer.shows(tmp_path / "seen.png"))
            assert viewer.picture.pixels.shape == (600, 800, 3)
