"""Small recordings, made of pictures, for what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rs_cli.recording import format
from rs_cli.recording.format import About, Kind
from rs_cli.recording.reel import Reel
from rs_cli.recording.scribe import Scribe, opening
from rs_relay.channels.screen.messages import Down, Frame, Layout, Pointer
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Pixels
from tests.support.pictures import Painter

ABOUT = About(1_000_000.0, "1 · Maria's PC", "rs")


def sheet(width: int, height: int, seed: int = 1) -> Pixels:
    """A picture as of windows and letters: nothing of it that would be sent lossily."""
    rng = np.random.default_rng(seed)
    drawn = np.full((height, width, 3), (30, 60, 90 + seed % 100), np.uint8)
    for _ in range(12):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        drawn[y : y + height // 6, x : x + width // 8] = rng.integers(0, 255, 3)
    drawn[height // 2 : height // 2 + 8, ::3] = 255
    return drawn


def film(width: int = 200, height: int = 120, count: int = 6, seed: int = 1) -> list[Pixels]:
    """A sheet over which a square goes, and a letter that comes."""
    pictures = []
    for n in range(count):
        picture = sheet(width, height, seed)
        x = 7 + n * 13 % max(width - 40, 1)
        picture[20:52, x : x + 32] = (255, 40 * n % 256, 0)
        picture[height - 20 : height - 8, 10 : 10 + 6 * n] = 0
        pictures.append(picture)
    return pictures


def recorded(path: Path, scenes: Sequence[tuple[int, Sequence[Pixels]]], *, step: int = 100) -> Path:
    """A recording of scenes, each a first moment and its pictures, `step` milliseconds apart; a scene is a layout of
    its own. The pointer goes along."""
    data = [opening(ABOUT)]
    scribe = Scribe()
    last = 0
    for number, (begins, pictures) in enumerate(scenes, 1):
        height, width = pictures[0].shape[:2]
        painter = Painter(width, height, number=number)
        scribe.heard(painter.layout)
        for n, picture in enumerate(pictures):
            for frame in painter.frames(picture):
                scribe.heard(frame)
            scribe.heard(Pointer(10 + n, 20))
            last = begins + n * step
            data += scribe.write(last)
    data.append(format.pack(last + step, Kind.END))
    path.write_bytes(b"".join(data))
    return path


def pixels(messages: Sequence[Down], picture: Picture | None = None) -> Picture:
    """What they leave whoever applies them with."""
    picture = picture or Picture()
    for message in messages:
        if isinstance(message, Layout):
            picture.reset(message)
        elif isinstance(message, Frame):
            picture.apply(message)
    return picture


def seen(reel: Reel, time: int) -> Pixels:
    """The picture at that moment, wound to from nowhere."""
    return np.array(pixels(list(Reel(reel.recording).wind(time))).pixels)
