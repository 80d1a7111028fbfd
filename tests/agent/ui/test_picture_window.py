"""The customer's window for real: fed through its stdin, photographed on an X server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from rs_agent.ui.picture import pipe
from rs_agent.ui.picture.child import open_window
from rs_relay.channels.control.messages import Key, Move
from rs_relay.channels.screen.messages import Choose, Frame, Layout, Painted, Pause, Pointer, Refresh, Resume, Start
from rs_relay.errors import LocalProblem, PeerBroke
from rs_relay.glass import framing
from tests.support.pictures import Painter, card
from tests.support.viewer import RealWindow
from tests.support.xdesktop import PATIENCE, XDesktop, until

WHO = "alice"
TITLE = "alice shows you their screen"
BAR = 43  # pixels of the window's height that are not the picture's: more, and the picture was scaled


class RealPicture(RealWindow):
    program = "rs_agent.ui.picture"
    decode = staticmethod(pipe.from_window)
    most = pipe.FROM_WINDOW


@pytest.fixture
def window() -> Iterator[RealPicture]:
    with XDesktop((1000, 700), wm=True) as desktop:
        made = RealPicture(desktop)
        assert isinstance(made.next(), pipe.Ready)
        made.send(pipe.Title(WHO))
        yield made


def begin(window: RealPicture, painter: Painter, picture: np.ndarray) -> int:
    """A first picture; the X window."""
    window.send(painter.layout)
    window.show(painter, picture)
    return window.desktop.wait_for_window(TITLE)


@pytest.mark.journey
def test_what_fits_is_shown_to_the_pixel_and_what_changes_too(window: RealPicture) -> None:
    painter, picture = Painter(600, 400), card(600, 400)
    begin(window, painter, picture)
    x, y = window.find(picture)
    picture[100:130, 50:90] = (1, 2, 3)
    window.show(painter, picture)
    assert np.array_equal(window.photograph()[y : y + 400, x : x + 600], picture)


@pytest.mark.journey
def test_what_is_larger_is_shown_whole(window: RealPicture) -> None:
    painter, picture = Painter(2000, 1000), card(2000, 1000)
    picture[:, :40], picture[:, -40:] = (255, 0, 255), (0, 255, 255)
    begin(window, painter, picture)

    def whole() -> bool:
        screen = window.photograph().astype(int)
        left = (np.abs(screen - (255, 0, 255)).max(2) < 3).any(0)
        right = (np.abs(screen - (0, 255, 255)).max(2) < 3).any(0)
        return bool(left.any() and right.any() and np.flatnonzero(right)[-1] - np.flatnonzero(left)[0] > 800)

    until(whole, "both edges of the picture")


@pytest.mark.journey
def test_no_key_and_no_click_comes_out_of_it(window: RealPicture) -> None:
    painter, picture = Painter(600, 400), card(600, 400)
    found = begin(window, painter, picture)
    x, y = window.find(picture)
    window.desktop.focus(found)
    window.desktop.run("xdotool", "mousemove", str(x + 50), str(y + 50), "click", "1", "type", "hello")
    window.desktop.run("xdotool", "key", "F8", "Escape", "Return", "ctrl+q")
    picture[:20] = 9
    window.show(painter, picture)
    assert [said for said in window.said if not isinstance(said, pipe.Ready | Painted)] == []


@pytest.mark.journey
def test_the_technicians_pointer_is_drawn(window: RealPicture) -> None:
    painter, picture = Painter(600, 400, x=1000), np.full((400, 600, 3), 80, np.uint8)
    begin(window, painter, picture)
    window.send(Pointer(1100, 100))

    def seen() -> bool:
        around = (np.abs(window.photograph().astype(int) - 80).max(2) < 2).sum()
        return bool(around < 600 * 400 - 60)

    until(seen, "an arrow on the grey")
    window.send(Pointer(900, 100))  # on another monitor
    until(lambda: not seen(), "no arrow")


@pytest.mark.journey
@pytest.mark.parametrize("how", ["button", "frame"])
def test_the_customer_closes_it(window: RealPicture, how: str) -> None:
    painter = Painter(600, 400)
    found = begin(window, painter, card(600, 400))
    x, y = window.find(card(600, 400))
    if how == "button":
        window.desktop.run("xdotool", "mousemove", str(x + 540), str(y - BAR // 2), "click", "1")
    else:
        window.desktop.focus(found)
        window.desktop.run("xdotool", "key", "alt+F4")
    window.wait_for(lambda said: said == pipe.Closed())
    assert window.process.wait(PATIENCE) == 0


@pytest.mark.journey
def test_out_of_sight_it_asks_for_no_more(window: RealPicture) -> None:
    found = begin(window, Painter(600, 400), card(600, 400))
    window.desktop.run("xdotool", "windowminimize", str(found), check=True)
    window.wait_for(lambda said: said == Pause())
    window.desktop.run("xdotool", "windowactivate", str(found), check=True)
    window.wait_for(lambda said: said == Resume())
    assert window.end() == 0


@pytest.mark.journey
@pytest.mark.parametrize(
    "rubbish",
    [
        pytest.param(framing.pack(Layout(1, 0, 0, 16_384, 16_384)), id="a picture of 800 MB"),
        pytest.param(framing.pack(Frame(1, 1, data=b"x")), id="a frame before a layout"),
        pytest.param(
            framing.pack(Layout(1, 0, 0, 64, 64)) + framing.pack(Frame(1, 1, spans=(0, 1), data=b"?")), id="no zstd"
        ),
        pytest.param(b"\xff\xff\xff\xff", id="a length"),
    ],
)
def test_a_hostile_picture_ends_the_window_and_says_why(window: RealPicture, rubbish: bytes) -> None:
    window.send_raw(rubbish)
    assert window.wait_for(lambda said: isinstance(said, pipe.Cannot)).code == PeerBroke.code
    assert window.process.wait(PATIENCE) == PeerBroke.exit_status


@pytest.mark.journey
def test_in_french() -> None:
    with XDesktop((1000, 700), wm=True) as desktop:
        window = RealPicture(desktop, LC_ALL="fr_FR.UTF-8", LANGUAGE="fr")
        window.next()
        window.send(pipe.Title("zo\u202eé"))
        desktop.wait_for_window("vous montre son")
        assert window.end() == 0


# the agent's end


async def test_where_there_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for display in ("", ":98765"):
        monkeypatch.setenv("DISPLAY", display)
        with pytest.raises(LocalProblem, match="cannot show a window"):
            await open_window(WHO)


@pytest.mark.journey
async def test_it_is_opened_shown_to_and_gone_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with XDesktop((1000, 700), wm=True) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        window = await open_window(WHO)
        assert "jpeg" in window.codecs
        painter = Painter(600, 400)
        await window.show(painter.layout)
        for frame in painter.frames(card(600, 400)):
            await window.show(frame)
        assert await window.said() == Painted(1)
        assert sum(name.startswith("socket:") for name in _open_files(window._process.pid)) <= 4  # its streams, and X
        async with asyncio.timeout(1):
            await window.close()
        assert desktop.run("xdotool", "search", "--onlyvisible", "--name", TITLE).stdout == ""


@pytest.mark.journey
async def test_one_that_is_killed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with XDesktop((1000, 700)) as desktop:
        monkeypatch.setenv("DISPLAY", desktop.display)
        window = await open_window(WHO)
        window._process.kill()
        with pytest.raises(LocalProblem):
            await window.said()
        await window.close()


def _open_files(pid: int) -> list[str]:
    return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]


# the pipe

TO = [pipe.Title(WHO), Layout(1, 0, 0, 64, 64), Frame(1, 1, spans=(0, 1), data=b"x"), Pointer(1, 2)]
FROM = [pipe.Ready(("jpeg",)), pipe.Cannot("peer-broke", "m"), pipe.Closed(), Painted(1), Pause(), Resume()]


@pytest.mark.parametrize("message", TO, ids=lambda m: type(m).__name__)
def test_to_the_window(message: Any) -> None:
    assert pipe.to_window(msgspec.msgpack.encode(message)) == message
    with pytest.raises(PeerBroke):
        pipe.from_window(msgspec.msgpack.encode(message))


@pytest.mark.parametrize("message", FROM, ids=lambda m: type(m).__name__)
def test_from_the_window(message: Any) -> None:
    assert pipe.from_window(msgspec.msgpack.encode(message)) == message
    with pytest.raises(PeerBroke):
        pipe.to_window(msgspec.msgpack.encode(message))


@pytest.mark.parametrize("message", [Start(), Choose(1), Refresh(), Move(1, 2), Key("a", True)])
def test_it_has_no_words_that_act(message: Any) -> None:
    with pytest.raises(PeerBroke):
        pipe.from_window(msgspec.msgpack.encode(message))
