"""The screen turned round through real programs: the customer's window shows the technician's X server."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import mss
import numpy as np
import numpy.typing as npt
import pytest

from rs_relay.channels.screen.messages import Frame, Layout, Start
from rs_relay.channels.screen.share import SPEC
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke
from rs_relay.link.channel import ChannelClosed
from tests.support.hostile_technician import hostile_link
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

Pixels = npt.NDArray[np.uint8]
TITLE = "shows you their screen"
ASKED = r"SHOW YOU THEIR SCREEN[\s\S]*\[y/N\]"
SIZE = (640, 400)
POINTER = 40  # pixels


def _seen(desktop: XDesktop) -> Pixels:
    with mss.MSS(display=desktop.display) as camera:
        shot = camera.grab(camera.monitors[0])
        return np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)


class Turned:
    """A technician's desktop with a terminal on it, and a customer's that has room for all of it."""

    def __init__(self, customer: XDesktop, technician: XDesktop, stage: RsStage) -> None:
        self.customer, self.technician, self.stage = customer, technician, stage

    def share(self, *options: str) -> subprocess.Popen[str]:
        return self.stage.begin("share", self.stage.session, *options)

    def windows(self) -> list[str]:
        return self.customer.run("xdotool", "search", "--onlyvisible", "--name", TITLE).stdout.split()

    def shown(self) -> bool:
        """The technician's screen stands in the customer's to the pixel, but for where the pointer is."""
        theirs, ours = _seen(self.technician), _seen(self.customer)
        height, width = theirs.shape[:2]
        probe = theirs[::25, ::25]
        for y in range(ours.shape[0] - height + 1):
            for x in np.flatnonzero((ours[y, : ours.shape[1] - width + 1] == theirs[0, 0]).all(1)):
                if (ours[y : y + height : 25, x : x + width : 25] == probe).mean() > 0.98:
                    differs = (ours[y : y + height, x : x + width] != theirs).any(2)
                    return int(differs.sum()) <= POINTER * POINTER // 2
        return False


@pytest.fixture
def turned(tmp_path: Path) -> Iterator[Turned]:
    folder = tmp_path / "stage"
    folder.mkdir()
    with (
        XDesktop((1000, 750), wm=True) as customer,
        XDesktop(SIZE) as technician,
        RsStage(customer.display, folder) as stage,
    ):
        technician.run("xsetroot", "-solid", "#204a87")
        technician.xterm(
            "printf '\\033[41mred\\033[42mgreen\\033[0m\\n'; exec cat", title="own", geometry="50x12+20+30"
        )
        stage.start_agent(allow="view,control")
        stage.join()
        stage.technician["DISPLAY"] = technician.display
        yield Turned(customer, technician, stage)


def begun(turned: Turned, *options: str) -> subprocess.Popen[str]:
    """A share that the customer agreed to, and sees."""
    shares = turned.share(*options)
    turned.stage.agent.wait_for(ASKED)
    assert turned.windows() == []
    turned.stage.agent.type("y\r")
    until(turned.shown, "the technician's screen at the customer's", 60)
    return shares


def test_it_is_asked_for_shown_and_closed_by_the_customer(turned: Turned) -> None:
    shares = begun(turned)
    turned.technician.run("xsetroot", "-solid", "#8f5902")
    until(turned.shown, "the same pixels after the change")
    (window,) = turned.windows()
    turned.customer.focus(int(window))
    turned.customer.run("xdotool", "key", "alt+F4")
    _, told = shares.communicate(timeout=30)
    assert shares.returncode == 0
    assert "Your screen is being shown" in told
    assert told.strip().endswith("The customer has closed the window with your screen.")
    again = turned.share()  # the grant holds on
    until(turned.shown, "it again, without a question", 60)
    again.send_signal(signal.SIGINT)
    assert again.wait(30) == 130
    until(lambda: not turned.windows(), "no window once the technician stopped")


def test_what_is_withdrawn_is_gone(turned: Turned) -> None:
    shares = begun(turned)
    turned.stage.agent.type("/withdraw share\r")
    until(lambda: not turned.windows(), "no window")
    assert shares.wait(30) == NotAllowed.exit_status


def test_a_no_opens_nothing(turned: Turned) -> None:
    shares = turned.share()
    turned.stage.agent.wait_for(ASKED)
    turned.stage.agent.type("n\r")
    assert shares.wait(30) == NotAllowed.exit_status
    assert turned.windows() == []


def test_both_ways_at_once_and_through_a_restart_of_the_relay(turned: Turned) -> None:
    shares = begun(turned)
    assert turned.stage.run("screenshot", turned.stage.session, str(turned.stage.folder / "seen.png"))
    turned.stage.kill_relay()
    until(lambda: not turned.windows(), "no window without a link", 60)
    turned.stage.start_relay()
    until(turned.shown, "the technician's screen again", 60)
    assert shares.poll() is None
    turned.stage.run("sessions", "end", turned.stage.session)
    until(lambda: not turned.windows(), "no window after the session")
    assert shares.wait(30) != 0


def test_without_a_display_both_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    with XDesktop(SIZE) as technician, RsStage("", folder) as stage:
        stage.start_agent("--desktop", "headless", allow="share")
        stage.join()
        stage.technician["DISPLAY"] = technician.display
        done = stage.attempt("share", stage.session)
        assert done.returncode == LocalProblem.exit_status
        assert "cannot show a window" in done.stderr
        stage.agent.wait_for("no window can be opened here")
        stage.run("chat", stage.session, "still here")


async def test_a_hostile_picture_costs_the_window_and_no_more(turned: Turned) -> None:
    agent, stage = turned.stage.agent, turned.stage
    async with hostile_link(stage) as link:
        opening = asyncio.create_task(link.open(SPEC))
        await asyncio.to_thread(agent.wait_for, ASKED)
        agent.type("y\r")
        async with asyncio.timeout(30):
            channel = await opening
        assert isinstance(await channel.hear(), Start)
        await channel.say(Layout(1, 0, 0, 64, 64))
        await channel.say(Frame(1, 1, spans=(0, 4), data=b"not zstd"))
        with pytest.raises(ChannelClosed) as closed:
            await channel.listen()
        assert isinstance(closed.value.error, PeerBroke)
    until(lambda: not turned.windows(), "no window")
    agent.wait_for("no longer shows you")
    stage.run("chat", stage.session, "still here")
