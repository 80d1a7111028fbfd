"""The screen feature as a conversation: a viewer at the other end of a channel, a desktop made of an array."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from rs_agent.desktop.base import Area, Monitor, PointerPlace, PointerShape
from rs_agent.feature import Context
from rs_agent.features.screen import feature
from rs_agent.features.screen.feature import ScreenFeature
from rs_relay.capture.base import TakenBack
from rs_relay.channels.screen.codecs import NAMES
from rs_relay.channels.screen.messages import (
    SPEC,
    Choose,
    Frame,
    Layout,
    Painted,
    Pause,
    Pointer,
    Refresh,
    Resume,
    Shape,
    Start,
    Up,
)
from rs_relay.channels.screen.picture import Picture
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke
from rs_relay.link.spec import Permission
from rs_relay.picture import eye, pace
from tests.support.channels import QUEUE, MemoryChannel, channel_pair
from tests.support.scenery import ArrayDesktop, ArrayScreen, Words, page, photograph, rgb

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PATIENCE = 20.0


class Face:
    def notice(self, text: str) -> None: ...

    def chat(self, name: str, text: str) -> None: ...


class Viewer:
    """Applies what comes; paints it too, unless told not to."""

    def __init__(self, channel: MemoryChannel) -> None:
        self.channel = channel
        self.picture = Picture()
        self.paints = True
        self.updates = 0
        self.layouts: list[Layout] = []
        self.pointer: tuple[int, int] | None = None
        self.shapes: list[Shape] = []
        self.films: set[tuple[int, int]] = set()  # layout and stream

    async def say(self, message: Up) -> None:
        await self.channel.send(message)

    async def hear(self) -> None:
        match await self.channel.receive():
            case Layout() as layout:
                self.layouts.append(layout)
                self.picture.reset(layout)
            case Frame() as frame:
                self.picture.apply(frame)
                self.films |= {(frame.layout, film.stream) for film in frame.films if film.data}
                if not frame.more:
                    self.updates += 1
                    self.seq = frame.seq
                    if self.paints:
                        await self.say(Painted(frame.seq))
            case Pointer(x, y):
                self.pointer = (x, y)
            case Shape() as shape:
                self.shapes.append(shape)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.hear()

    def shows(self, picture: Words) -> bool:
        seen = self.picture.pixels
        return self.picture.exact and seen.shape[:2] == picture.shape and bool((seen == rgb(picture)).all())

    async def nothing_more(self) -> None:
        """Hears until nothing has come for as long as several looks take."""
        while True:
            try:
                async with asyncio.timeout(0.3):
                    await self.hear()
            except TimeoutError:
                return


def context(desktop: ArrayDesktop) -> Context:
    return Context(desktop, Face(), Path("nowhere"), "somebody")


@asynccontextmanager
async def showing(
    desktop: ArrayDesktop, about: Context | None = None, trip: float | None = None
) -> AsyncIterator[tuple[Viewer, asyncio.Task[None]]]:
    mine, theirs = channel_pair(SPEC)
    theirs.round_trip = trip
    run = asyncio.create_task(ScreenFeature(about or context(desktop)).run(theirs))
    try:
        yield Viewer(mine), run
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_a_viewer_sees_the_screen_and_what_changes_on_it() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(codecs=NAMES))
        await viewer.until(lambda: viewer.shows(desktop.picture))
        for n in range(3):
            desktop.picture = page(300, 400, seed=n + 1)
            await viewer.until(lambda: viewer.shows(desktop.picture))
        assert len(viewer.layouts) == 1


async def test_nothing_is_looked_at_before_it_is_asked_for() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.nothing_more()
        assert desktop.grabs == 0


async def test_a_photograph_becomes_exact_by_itself() -> None:
    desktop = ArrayDesktop(photograph(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(codecs=NAMES))
        await viewer.until(lambda: viewer.picture.complete)
        assert viewer.picture.lossy > 0
        await viewer.until(lambda: viewer.shows(desktop.picture))


async def test_a_screenshot_is_exact_with_its_first_update() -> None:
    desktop = ArrayDesktop(photograph(1000, 1300))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.picture.complete)
        assert viewer.updates == 1
        assert viewer.shows(desktop.picture)


async def test_without_painting_it_stops_after_two_updates_and_then_shows_the_newest() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        viewer.paints = False
        await viewer.say(Start())
        for n in range(4):
            desktop.picture = page(300, 400, seed=n)
            await viewer.nothing_more()
        assert viewer.updates == 2
        viewer.paints = True
        await viewer.say(Painted(viewer.seq))
        await viewer.until(lambda: viewer.shows(desktop.picture))
        assert viewer.updates == 3


async def test_a_pause_stops_the_looking_and_resume_goes_on() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture))
        await viewer.say(Pause())
        await viewer.nothing_more()
        before, desktop.picture = desktop.grabs, page(300, 400, seed=7)
        await viewer.nothing_more()
        assert desktop.grabs == before
        await viewer.say(Resume())
        await viewer.until(lambda: viewer.shows(desktop.picture))


TWO = (Monitor("left", 0, 0, 400, 300, primary=True), Monitor("right", 400, 20, 240, 260))


async def test_one_monitor_another_and_all() -> None:
    desktop = ArrayDesktop(page(300, 640))
    desktop.monitors = TWO
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(1))
        await viewer.until(lambda: viewer.shows(desktop.picture[20:280, 400:640]))
        layout = viewer.layouts[-1]
        assert (layout.x, layout.y, layout.width, layout.height, layout.chosen) == (400, 20, 240, 260, 1)
        assert [(m.name, m.x, m.primary) for m in layout.monitors] == [("left", 0, True), ("right", 400, False)]
        await viewer.say(Choose(0))
        await viewer.until(lambda: viewer.shows(desktop.picture[:300, :400]))
        await viewer.say(Choose(-1))
        await viewer.until(lambda: viewer.shows(desktop.picture))
        await viewer.say(Choose(9))  # there is none: all of them, rather than nothing
        await viewer.until(lambda: len(viewer.layouts) == 4 and viewer.shows(desktop.picture))
        assert viewer.layouts[-1].chosen == -1


async def test_refresh_sends_all_again() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture))
        with pytest.raises(PeerBroke):
            viewer.picture.apply(Frame(99, 99))
        await viewer.say(Refresh())
        await viewer.until(lambda: len(viewer.layouts) == 2 and viewer.shows(desktop.picture))
        assert viewer.layouts[1].number != viewer.layouts[0].number


async def test_many_orders_at_once_end_with_the_last() -> None:
    desktop = ArrayDesktop(page(300, 640))
    desktop.monitors = TWO
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(0))
        for monitor in (1, 0, -1, 1, 0, 1):
            await viewer.say(Choose(monitor))
        await viewer.until(lambda: viewer.shows(desktop.picture[20:280, 400:640]))


async def test_a_new_order_cuts_a_large_update_short() -> None:
    desktop = ArrayDesktop(photograph(4000, 1300))
    desktop.monitors = (Monitor("small", 0, 0, 100, 100),)
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(-1))
        await viewer.until(lambda: len(viewer.layouts) == 1)
        async with asyncio.timeout(PATIENCE):
            while len(viewer.channel._in.items) < QUEUE:  # noqa: ASYNC110 - and there are more to come
                await asyncio.sleep(0.01)
        await viewer.say(Choose(0))
        await viewer.until(lambda: viewer.shows(desktop.picture[:100, :100]))
        assert viewer.updates == 1


@pytest.mark.parametrize("size", [(200, 300), (500, 700), (300, 401)])
async def test_another_resolution_is_a_new_picture(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eye, "CHECK", 0.05)
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture))
        desktop.picture = page(*size, seed=3)
        await viewer.until(lambda: viewer.shows(desktop.picture))
        assert viewer.layouts[-1].width == size[1]


async def test_a_mode_that_changes_between_reading_and_grabbing_is_tried_again() -> None:
    desktop = ArrayDesktop(page(300, 400))

    def shrink() -> None:
        desktop.picture = page(200, 300, seed=1)

    desktop.before_grab = [shrink]
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture))
        assert viewer.layouts[-1].width == 300


async def test_a_screen_that_never_stands_still_is_a_clear_error() -> None:
    desktop = ArrayDesktop(page(300, 400))

    def shrink() -> None:
        desktop.picture = desktop.picture[:-1, :-1]
        desktop.before_grab.append(shrink)

    desktop.before_grab = [shrink]
    async with showing(desktop) as (viewer, run):
        await viewer.say(Start())
        with pytest.raises(LocalProblem, match="keeps changing"):
            await asyncio.wait_for(run, PATIENCE)


async def test_a_screen_too_large_to_show_whole_shows_the_primary_monitor() -> None:
    class Wide(ArrayScreen):
        def bounds(self) -> Monitor:
            return Monitor("all", 0, 0, 40_000, 300)

    desktop = ArrayDesktop(page(300, 640))
    desktop.monitors = (TWO[1], TWO[0])
    desktop.screen = lambda: Wide(desktop)  # type: ignore[method-assign]
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture[:300, :400]))
        assert viewer.layouts[-1].chosen == 1


@pytest.mark.parametrize("when", ["at once", "later"])
async def test_a_display_that_is_gone_ends_the_show_with_its_error(when: str) -> None:
    desktop = ArrayDesktop(page(300, 400))

    def fail() -> None:
        raise LocalProblem("The display is gone.")

    async with showing(desktop) as (viewer, run):
        if when == "at once":
            desktop.screen = fail  # type: ignore[method-assign, assignment]
            await viewer.say(Start())
        else:
            await viewer.say(Start())
            await viewer.until(lambda: viewer.shows(desktop.picture))
            desktop.before_grab = [fail]
        with pytest.raises(LocalProblem, match="gone"):
            await asyncio.wait_for(run, PATIENCE)


async def test_a_person_who_stops_it_in_their_desktop_has_withdrawn_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature, "ASKED", 0.01)
    desktop = ArrayDesktop(page(300, 400))
    withdrawn: list[Permission] = []
    said: asyncio.Queue[str] = asyncio.Queue()
    context = Context(desktop, Face(), Path(), "alice", withdraw=withdrawn.append, tell=said.put_nowait)  # type: ignore[arg-type]
    ours, theirs = channel_pair(SPEC)
    viewer = Viewer(ours)
    desktop.asks = True

    def stopped() -> None:
        raise TakenBack("The person at this computer stopped it in their desktop.")

    run = asyncio.create_task(ScreenFeature(context).run(theirs))
    await viewer.say(Start())
    await viewer.until(lambda: viewer.shows(desktop.picture))
    assert "desktop asks" in await asyncio.wait_for(said.get(), PATIENCE)
    desktop.before_grab = [stopped]
    with pytest.raises(NotAllowed, match="stopped it"):
        await asyncio.wait_for(run, PATIENCE)
    assert withdrawn == [Permission.VIEW, Permission.CONTROL]


@pytest.mark.parametrize("lie", [[Painted(1)], [Choose(0)], [Refresh()], [Start(), Painted(1 << 40)]])
async def test_a_technician_who_makes_no_sense_ends_the_show(lie: list[Up]) -> None:
    async with showing(ArrayDesktop(page(300, 400))) as (viewer, run):
        for message in lie:
            await viewer.say(message)
        with pytest.raises(PeerBroke):
            await asyncio.wait_for(run, PATIENCE)


async def test_what_the_technician_does_is_answered_before_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    desktop = ArrayDesktop(page(300, 400))
    about = context(desktop)
    async with showing(desktop, about) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.shows(desktop.picture))
        monkeypatch.setattr(pace, "IDLE", 1000.0)
        monkeypatch.setattr(pace, "LIVELY", 1000.0)
        await viewer.nothing_more()
        desktop.picture = page(300, 400, seed=5)
        await viewer.nothing_more()
        assert not viewer.shows(desktop.picture)
        about.pulse.beat()
        await viewer.until(lambda: viewer.shows(desktop.picture))


async def test_the_pointer_is_told_when_it_moves() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.pointer == (0, 0))
        desktop.pointer = PointerPlace(120, 45)
        await viewer.until(lambda: viewer.pointer == (120, 45))


async def test_only_what_was_drawn_is_grabbed_where_the_screen_tells() -> None:
    desktop = ArrayDesktop(page(320, 640))
    desktop.tells = True
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(codecs=NAMES))
        await viewer.until(lambda: viewer.shows(desktop.picture))
        before = desktop.grabbed
        desktop.picture = desktop.picture.copy()
        desktop.picture[100:110, 200:230] = 0x123456
        desktop.damage.append(Area(200, 100, 30, 10))
        desktop.changed()
        await viewer.until(lambda: viewer.shows(desktop.picture))
        assert 0 < desktop.grabbed - before <= 4 * 32 * 32


async def test_what_a_screen_forgot_to_tell_is_seen_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eye, "WHOLE", 0.5)
    desktop = ArrayDesktop(page(300, 400))
    desktop.tells = True
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(codecs=NAMES))
        await viewer.until(lambda: viewer.shows(desktop.picture))
        desktop.picture = page(300, 400, seed=3)
        await viewer.until(lambda: viewer.shows(desktop.picture))


async def test_a_pointers_shape_is_told_once_and_then_by_its_number() -> None:
    arrow, bar = (PointerShape(1, 1, 4, 4, bytes([n]) * 64) for n in (1, 2))
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        for shape in (arrow, bar, arrow):
            desktop.shape = shape
            told = len(viewer.shapes)
            await viewer.until(lambda told=told: len(viewer.shapes) > told)  # type: ignore[misc]
    first, second, again = viewer.shapes
    assert zstd.decompress(first.data) == arrow.pixels
    assert (first.hot_x, first.width) == (1, 4)
    assert zstd.decompress(second.data) == bar.pixels
    assert (again.number, again.data) == (first.number, b"")


async def test_over_a_long_way_what_is_to_be_read_waits_for_no_answer_and_the_pointers_shape_for_that() -> None:
    desktop = ArrayDesktop(page(480, 640))
    desktop.focus = Area(0, 0, 640, 480)
    desktop.shape = PointerShape(1, 1, 4, 4, bytes(64))
    async with showing(desktop, trip=0.2) as (viewer, _):
        viewer.paints = False
        await viewer.say(Start(codecs=NAMES))
        await viewer.until(lambda: viewer.updates == 2)
        assert not viewer.shapes
        viewer.paints = True
        await viewer.say(Painted(viewer.seq))
        await viewer.until(lambda: viewer.shows(desktop.picture) and len(viewer.shapes) == 1)


async def test_two_viewers_each_have_their_own_picture_and_pace() -> None:
    desktop = ArrayDesktop(page(300, 640))
    desktop.monitors = TWO
    feature = ScreenFeature(context(desktop))
    ends = [channel_pair(SPEC) for _ in range(2)]
    runs = [asyncio.create_task(feature.run(theirs)) for _, theirs in ends]
    slow, quick = (Viewer(mine) for mine, _ in ends)
    slow.paints = False
    await slow.say(Start(0))
    await quick.say(Start(1))
    await slow.until(lambda: slow.shows(desktop.picture[:, :400]))
    for n in range(4):
        desktop.picture = page(300, 640, seed=n)
        await quick.until(lambda: quick.shows(desktop.picture[20:280, 400:640]))
    await slow.say(Painted(slow.seq))
    slow.paints = True
    await slow.until(lambda: slow.shows(desktop.picture[:, :400]))
    for run in runs:
        run.cancel()
    await asyncio.gather(*runs, return_exceptions=True)


async def closed(desktop: ArrayDesktop) -> bool:
    return await asyncio.to_thread(desktop.closed.wait, PATIENCE)


async def test_a_viewer_that_goes_ends_the_show_and_closes_the_screen() -> None:
    desktop = ArrayDesktop(page(300, 400))
    async with showing(desktop) as (viewer, run):
        await viewer.say(Start())
        await viewer.until(lambda: viewer.picture.complete)
        await viewer.channel.close()
        await asyncio.wait_for(run, PATIENCE)
        assert await closed(desktop)


async def test_a_grant_withdrawn_in_the_middle_ends_the_show_and_closes_the_screen() -> None:
    desktop = ArrayDesktop(page(300, 400))
    mine, theirs = channel_pair(SPEC)
    run = asyncio.create_task(ScreenFeature(context(desktop)).run(theirs))
    viewer = Viewer(mine)
    await viewer.say(Start())
    await viewer.until(lambda: viewer.picture.complete)

    def refuse() -> None:
        raise NotAllowed("The customer has withdrawn it.")

    theirs.guard = refuse
    desktop.picture = page(300, 400, seed=9)
    with pytest.raises(NotAllowed):
        await asyncio.wait_for(run, PATIENCE)
    assert await closed(desktop)


async def test_a_slow_grab_does_not_hold_up_the_loop() -> None:
    desktop = ArrayDesktop(page(300, 400))
    hold = threading.Event()
    desktop.before_grab = [hold.wait]
    async with showing(desktop) as (viewer, _):
        await viewer.say(Start())
        await viewer.nothing_more()  # the loop is free all the while
        hold.set()
        await viewer.until(lambda: viewer.shows(desktop.picture))


def test_the_pixels_of_a_page_are_what_a_viewer_shows() -> None:
    """The test's own two forms of a picture agree."""
    picture = page(40, 40)
    assert rgb(picture).shape == (40, 40, 3)
    assert (rgb(np.full((1, 1), 0x00112233, np.uint32)) == [0x11, 0x22, 0x33]).all()


async def test_a_film_plays_begins_anew_with_each_layout_and_is_exact_when_it_stops() -> None:
    desktop = ArrayDesktop(page(480, 640))

    async def play() -> None:
        for n in range(10_000):
            seen = page(480, 640)
            seen[32:416, 64:576] = photograph(384, 512, seed=n)
            desktop.picture = seen
            await asyncio.sleep(1 / 40)

    async with showing(desktop) as (viewer, _):
        await viewer.say(Start(codecs=NAMES))
        playing = asyncio.create_task(play())
        await viewer.until(lambda: (1, 1) in viewer.films)
        await viewer.say(Refresh())
        await viewer.until(lambda: (2, 1) in viewer.films)
        playing.cancel()
        await viewer.until(lambda: viewer.shows(desktop.picture))
