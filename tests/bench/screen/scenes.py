"""Six scenes that are the same each time. `set_up`, then `play` for some seconds, then `clear_up`.

idle     nothing moves: a page, a terminal on top
typing   ten characters a second into an xterm
scroll   a page of text in a browser as large as the screen, eight notches a second
drag     a terminal drawn over the page by the mouse, 60 positions a second
switch   two windows as large as the screen, changed once a second
video    a film of 1280×720 at 30 frames a second
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Mapping

from tests.bench.screen.assets import LISTING
from tests.bench.screen.source import TERMINAL_AT, Source
from tests.support.xdesktop import Rect

# Where contents move in each scene; the samplers look there, on both displays.
BOXES: Mapping[str, Rect] = {
    "idle": (600, 200, 64, 64),
    "typing": (80, 80, 960, 640),
    "scroll": (500, 400, 256, 128),
    "drag": (300, 300, 512, 256),
    "switch": (400, 300, 128, 128),
    "video": (640, 400, 128, 96),
}
FOCUS: Rect = (80, 80, 800, 560)  # the focused window's text in the idle scene
# An hour of ordinary work: the share of it that each scene has. Mostly people read.
MIX: Mapping[str, float] = {
    "idle": 0.40,
    "typing": 0.30,
    "scroll": 0.12,
    "switch": 0.08,
    "drag": 0.05,
    "video": 0.05,
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "idle": (),
    "typing": (),
    "scroll": ("chromium",),
    "drag": ("chromium",),
    "switch": ("chromium",),
    "video": ("ffplay", "ffmpeg"),
}
PER_SECOND = 10  # characters
NOTCHES = 8  # a second
_TEXT = (
    "the quick brown fox jumps over the lazy dog while the technician reads every single letter "
    "that the customer types into this terminal window and answers at once "
)


def set_up(source: Source, scene: str) -> None:
    match scene:
        case "idle" | "drag":
            _terminal_on_page(source)
            _command(source, f"clear; cat {LISTING}")
        case "typing":
            _terminal_on_page(source)
            _command(source, "clear")
            _command(source, "cat > /dev/null")
        case "scroll":
            source.do("windowactivate", "--sync", source.page)
            source.do("mousemove", 960, 600, "key", "Home")
        case "switch":
            source.do("windowmove", source.listing, 0, 0)
            source.do("windowactivate", "--sync", source.listing)
            source.do("mousemove", 1700, 1000)
        case "video":
            if source.page:
                source.do("windowactivate", "--sync", source.page)
            source.play()
    time.sleep(0.6)


def clear_up(source: Source, scene: str) -> None:
    match scene:
        case "typing":
            source.do("key", "ctrl+c")
        case "video":
            source.stop_film()


def play(source: Source, scene: str, seconds: float) -> None:
    """Blocks for `seconds`."""
    ends = time.perf_counter() + seconds
    _PLAYS.get(scene, _wait)(source, seconds)
    time.sleep(max(0.0, ends - time.perf_counter()))


def _terminal_on_page(source: Source) -> None:
    if source.page:
        source.do("windowactivate", "--sync", source.page)
        source.do("key", "--window", source.page, "Home")
    source.do("windowmove", source.terminal, *TERMINAL_AT)
    source.do("windowactivate", "--sync", source.terminal)
    source.do("mousemove", 1700, 1000)


def _command(source: Source, line: str) -> None:
    source.do("type", "--delay", 5, line)
    source.do("key", "Return")
    time.sleep(0.2)


def _wait(source: Source, seconds: float) -> None:
    time.sleep(seconds)


def _type(source: Source, seconds: float) -> None:
    text = (_TEXT * 20)[: int(seconds * PER_SECOND)]
    _long(source, "type", "--delay", str(1000 // PER_SECOND), text)


def _scroll(source: Source, seconds: float) -> None:
    """One process turns the wheel, down and a part of the way up again: its timing is exact and costs nothing."""
    notches = int(seconds * NOTCHES)
    down = notches * 3 // 4
    for count, button in ((down, "5"), (notches - down, "4")):
        _long(source, "click", "--repeat", str(count), "--delay", str(1000 // NOTCHES), button)


def _long(source: Source, *arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], env=source.x.env, check=True, stdin=subprocess.DEVNULL)


def _drag(source: Source, seconds: float) -> None:
    begun = time.perf_counter()
    with subprocess.Popen(["xdotool", "-"], env=source.x.env, stdin=subprocess.PIPE, text=True, bufsize=1) as mouse:
        assert mouse.stdin
        mouse.stdin.write("mousemove 500 88\n")
        time.sleep(0.1)
        mouse.stdin.write("mousedown 1\n")
        for n in range(int((seconds - 0.2) * 60)):
            angle = n / 60 * 1.2
            x, y = 880 + int(380 * math.sin(angle)), 88 + int(200 * (1 - math.cos(angle)))
            mouse.stdin.write(f"mousemove {x} {y}\n")
            time.sleep(max(0.0, begun + 0.1 + (n + 1) / 60 - time.perf_counter()))
        mouse.stdin.write("mouseup 1\n")


def _switch(source: Source, seconds: float) -> None:
    begun = time.perf_counter()
    for n in range(int(seconds)):
        source.do("windowactivate", source.listing if n % 2 else source.page)
        time.sleep(max(0.0, begun + n + 1 - time.perf_counter()))


_PLAYS: Mapping[str, Callable[[Source, float], None]] = {
    "typing": _type,
    "scroll": _scroll,
    "drag": _drag,
    "switch": _switch,
}
