"""A Wayland desktop: GNOME's own compositor without a screen, its portal, its question, and a person who answers it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rs_agent.desktop.wayland.desktop import WaylandDesktop
from rs_agent.desktop.wayland.memory import FILE
from rs_relay.channels.control import messages as control
from rs_relay.channels.screen.messages import SPEC, Frame, Layout, Painted, Start
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support import mutter
from tests.support.hostile_technician import hostile_link
from tests.support.mutter import SIZE, MutterDesktop
from tests.support.stage import RsStage
from tests.support.xdesktop import until

pytestmark = pytest.mark.skipif(bool(mutter.missing()), reason=f"a headless Wayland desktop: {mutter.missing()}")

ASKS = "Your desktop itself asks now what may be seen"


@pytest.fixture
def desktop() -> Iterator[MutterDesktop]:
    with MutterDesktop() as desktop:
        yield desktop


@pytest.fixture
def typed(desktop: MutterDesktop, tmp_path: Path) -> Callable[[], str]:
    """A terminal over the whole screen; what was typed into it."""
    file = tmp_path / "typed"
    terminal(desktop, file, "204a87")
    return lambda: file.read_text() if file.exists() else ""


def terminal(desktop: MutterDesktop, file: Path, colour: str) -> None:
    command = f"printf 'hello from the customer\\n'; exec cat > {file}"
    desktop.start("foot", "--fullscreen", "-o", f"colors.background={colour}", "-e", "sh", "-c", command)
    wanted = int(colour, 16)
    until(lambda: _colour(desktop) == wanted, "a terminal on the screen")


def _colour(desktop: MutterDesktop) -> int:
    blue, green, red, _ = (int(part) for part in desktop.person.sees()[-10, -10])
    return red << 16 | green << 8 | blue


@pytest.fixture
def stage(desktop: MutterDesktop, tmp_path: Path) -> Iterator[RsStage]:
    folder = tmp_path / "stage"
    folder.mkdir()
    with RsStage("", folder) as stage:
        stage.customer.update({name: value for name, value in desktop.environ.items() if name != "HOME"})
        stage.customer.pop("DISPLAY")
        stage.start_agent(allow="view,control")
        stage.join()
        yield stage


class Eye:
    """A viewer that says it painted, and knows the last whole picture's size."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    async def sees(self, patience: float = 60.0) -> tuple[int, int]:
        size = (0, 0)
        async with asyncio.timeout(patience):
            while True:
                said = await self.channel.receive()
                if isinstance(said, Layout):
                    size = (said.width, said.height)
                elif isinstance(said, Frame) and not said.more:
                    await self.channel.send(Painted(said.seq))
                    return size


def shot(stage: RsStage, file: Path) -> np.ndarray[Any, Any]:
    stage.run("screenshot", stage.session, str(file))
    return np.asarray(Image.open(file).convert("RGB"))


def same(stage: RsStage, desktop: MutterDesktop, file: Path) -> bool:
    """What the technician gets is what the person sees; the terminal's cursor may blink."""
    theirs = desktop.person.sees()[..., 2::-1]
    return bool((shot(stage, file) == theirs).all(2).mean() > 0.999)


async def answer(desktop: MutterDesktop, **how: bool) -> None:
    await asyncio.to_thread(lambda: desktop.person.answers(**how))


async def click(hands: Any) -> None:
    """Into the terminal."""
    for act in (control.Move(400, 300), *(control.Button(control.ButtonName.LEFT, down) for down in (True, False))):
        await hands.send(act)


def test_seen_as_it_is_and_typed_into(
    stage: RsStage, desktop: MutterDesktop, typed: Callable[[], str], tmp_path: Path
) -> None:
    async def technician() -> None:
        async with hostile_link(stage) as link:
            channel = await link.link.open(SPEC)
            hands = await link.link.open(control.SPEC)
            await channel.send(Start())
            await answer(desktop, hands=True)
            assert await Eye(channel).sees() == SIZE
            assert await asyncio.to_thread(same, stage, desktop, tmp_path / "shot.png")
            await click(hands)
            await hands.send(control.Type("Hello, Wayland: 100 %\n"))
            await asyncio.to_thread(until, lambda: typed() == "Hello, Wayland: 100 %\n", "what was typed")
            assert await asyncio.to_thread(same, stage, desktop, tmp_path / "shot.png")
            await asyncio.to_thread(stage.agent.wait_for, ASKS)
            await asyncio.to_thread(given_back, stage, desktop, channel)

    asyncio.run(technician())


def given_back(stage: RsStage, desktop: MutterDesktop, channel: Any) -> None:
    """What the customer takes back in rs is given back to the desktop: its sessions end."""
    assert desktop.sessions() == 2  # rs's and the person's own
    stage.agent.type("/withdraw view\n/withdraw control\n")
    until(lambda: desktop.sessions() == 1, "the end of the desktop's own leave")


def test_a_no_there_is_a_no_here(stage: RsStage, desktop: MutterDesktop, typed: Callable[[], str]) -> None:
    async def technician() -> None:
        async with hostile_link(stage) as link:
            channel = await link.link.open(SPEC)
            await channel.send(Start())
            await answer(desktop, yes=False)
            with pytest.raises(ChannelClosed, match="said no to their desktop"):
                await Eye(channel).sees()

    asyncio.run(technician())
    refused = stage.attempt("screenshot", stage.session, "x.png")
    assert refused.returncode == 3
    assert not desktop.person.asked()  # rs asks first, and here it may not even ask


def test_let_in_to_look_and_not_to_type(stage: RsStage, desktop: MutterDesktop, typed: Callable[[], str]) -> None:
    async def technician() -> None:
        async with hostile_link(stage) as link:
            channel = await link.link.open(SPEC)
            hands = await link.link.open(control.SPEC)
            await channel.send(Start())
            await answer(desktop)
            await Eye(channel).sees()
            await hands.send(control.Type("never\n"))
            failed = await asyncio.wait_for(hands.receive(), 30)
            assert isinstance(failed, control.Failed)
            assert "look, not type" in failed.message

    asyncio.run(technician())
    stage.run("screenshot", stage.session, str(stage.folder / "still.png"))
    assert typed() == ""
    assert not desktop.person.asked()


def test_the_compositor_dies_and_another_comes(stage: RsStage, desktop: MutterDesktop, tmp_path: Path) -> None:
    terminal(desktop, tmp_path / "first", "204a87")

    async def technician() -> None:
        async with hostile_link(stage) as link:
            channel = await link.link.open(SPEC)
            hands = await link.link.open(control.SPEC)
            await channel.send(Start())
            await answer(desktop, hands=True)
            eye = Eye(channel)
            await eye.sees()
            await hands.send(control.Type("a"))
            await asyncio.to_thread(desktop.kill)
            await asyncio.to_thread(stage.agent.wait_for, "The display of this computer is gone")
            await asyncio.to_thread(stage.run, "chat", stage.session, "still here")
            await asyncio.to_thread(desktop.begin)
            await answer(desktop, hands=True)
            await eye.sees()
            await asyncio.to_thread(stage.agent.wait_for, "The display of this computer is back")
            await asyncio.to_thread(terminal, desktop, tmp_path / "second", "87201a")
            await click(hands)
            await hands.send(control.Type("again\n"))
            second = tmp_path / "second"
            await asyncio.to_thread(until, lambda: second.read_text() == "again\n", "what was typed")

    asyncio.run(technician())
    assert same(stage, desktop, tmp_path / "shot.png")


@pytest.mark.skipif(
    not (shutil.which("Xwayland") and shutil.which("wl-copy")), reason="Xwayland or wl-clipboard is not installed here"
)
def test_a_desktop_with_an_x_server_for_old_programs_is_waylands_and_shares_its_clipboard(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    with MutterDesktop(xwayland=True) as desktop, RsStage(desktop.environ["DISPLAY"], folder) as stage:
        stage.customer.update({name: value for name, value in desktop.environ.items() if name != "HOME"})
        stage.start_agent(allow="view,clipboard")
        stage.join()
        subprocess.run(["wl-copy", "from Wayland é"], env=desktop.environ, check=True, timeout=20)
        until(lambda: stage.run("clipboard", "get", stage.session) == "from Wayland é", "the customer's clipboard")
        stage.run("clipboard", "set", stage.session, "from afar ü")
        paste = ["timeout", "5", "wl-paste", "--no-newline"]
        pasted = subprocess.run(paste, env=desktop.environ, capture_output=True, text=True, check=False)
        assert pasted.stdout == "from afar ü"
        terminal(desktop, tmp_path / "typed", "204a87")  # no old program: nothing of it is on the X server
        seen = stage.begin("screenshot", stage.session, str(tmp_path / "shot.png"))
        desktop.person.answers()
        assert seen.wait(30) == 0
        shown = np.asarray(Image.open(tmp_path / "shot.png").convert("RGB"))
        assert (shown == desktop.person.sees()[..., 2::-1]).all(2).mean() > 0.99


def test_what_the_desktop_remembers_is_not_asked_again(
    desktop: MutterDesktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for unattended access: each start of the agent brings what the one before was given."""
    terminal(desktop, tmp_path / "typed", "204a87")
    for name, value in desktop.environ.items():
        monkeypatch.setenv(name, value)
    state = tmp_path / "state"
    tokens = []
    for start in range(3):
        here = WaylandDesktop(desktop.environ)
        here.keep_in(state, lasting=True)
        here.allowed(frozenset({Permission.VIEW}))
        with ThreadPoolExecutor(1) as asking:
            opened = asking.submit(here.screen)
            if start == 0:
                desktop.person.answers(remember=True)
            screen = opened.result(20)
        assert (screen.bounds().width, screen.bounds().height) == SIZE
        screen.close()
        here.allowed(frozenset())
        here.close()
        tokens.append((state / FILE).read_text())
    assert all(tokens)
    assert not desktop.person.asked()
