"""A recording as a film that anything plays: H.264 in mp4, with the pointer drawn in.

Pictures are written when something changed, at most `rate` a second and at least one each STILL, each with its own
time: an hour in which little happened is a small film that is quickly made. All are as large as the largest of the
recording; a smaller one stands in the middle, not enlarged.

The film grows beside its place and takes its name when it is whole.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from rs_cli.recording.reader import Recording
from rs_cli.recording.reel import Reel
from rs_cli.terminal.spoken import clock
from rs_relay.channels.screen.codecs import jpeg
from rs_relay.channels.screen.messages import Frame, Layout, Pointer, Shape
from rs_relay.channels.screen.picture import Picture
from rs_relay.errors import LocalProblem, PeerBroke, UsageError
from rs_relay.glass.shape import Shaped, Shapes, arrow

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

CODEC: Final = "libx264"
# Constant quality: letters stay sharp. No pictures out of order (bf): mp4 would tell a film of uneven pace too short.
OPTIONS = {"crf": "20", "preset": "veryfast", "bf": "0"}
BT709, LIMITED = 1, 1  # ITU-T H.273: the colours of HD, which players take small films for only when they are told
STILL = 1000  # milliseconds
MOST_SIDE = 8192  # pixels: what players are ready for
WITHOUT = "Install it: pip install 'rs-remote-support[video]'"


@dataclass(frozen=True)
class Made:
    width: int
    height: int
    pictures: int


def export(
    recording: Recording,
    to: Path,
    *,
    rate: int = 15,
    width: int | None = None,
    replace: bool = False,
    moved: Callable[[float], None] = lambda part: None,
) -> Made:
    """`width`: of the film, in pixels. `moved` is told which part of the recording (0 to 1) is done.

    Raises LocalProblem without PyAV, for a place that cannot be written and a recording that makes no sense, UsageError
    for a name that is taken."""
    if to.suffix.lower() != ".mp4":
        raise UsageError("A film is written as .mp4.", f"For example: {to.with_suffix('.mp4').name}")
    if to.exists() and not replace:
        raise UsageError(f"{to} is there already.", "Choose another name, or --force replaces it.")
    easel = Easel(recording, width)
    pictures = 0
    with _beside(to) as part, _told(to), _film(part, easel.size, rate) as (container, stream):
        for time, image in easel.pictures(rate):
            _write(container, stream, time, image)
            pictures += 1
            moved(time / max(recording.duration, 1))
    return Made(*easel.size, pictures)


class Easel:
    """Draws the moments of a recording, one after the other."""

    def __init__(self, recording: Recording, width: int | None = None) -> None:
        full_width, full_height = recording.largest
        wanted = min(1.0, MOST_SIDE / max(full_width, full_height), (width or full_width) / full_width)
        self._scale = wanted
        self.size = _even(full_width * wanted), _even(full_height * wanted)
        self._recording = recording
        self._reel = Reel(recording)
        self._picture = Picture((jpeg.NAME,))  # no other is written
        self._shapes = Shapes()
        self._shape: Shaped = arrow()
        self._at: Pointer | None = None

    def pictures(self, rate: int) -> Iterator[tuple[int, Image.Image]]:
        """(milliseconds, picture), the first at 0, the last at the end."""
        time, step = 0, 1000 / rate
        while True:
            yield time, self.at(time)
            if time >= self._recording.duration:
                return
            happens = self._reel.next_time()
            due = time + STILL if happens is None else min(max(happens, time + step), time + STILL)
            time = min(round(due), self._recording.duration)

    def at(self, time: int) -> Image.Image:
        """The picture of that moment. Raises LocalProblem for messages that no recorder writes."""
        try:
            for message in self._reel.wind(time):
                self._take(message)
        except PeerBroke as e:
            raise LocalProblem(f"The recording makes no sense at {clock(time / 1000)}.", "It may be damaged.") from e
        return self._draw()

    def _take(self, message: object) -> None:
        match message:
            case Layout():
                self._picture.reset(message)
            case Frame():
                self._picture.apply(message)
            case Pointer():
                self._at = message
            case Shape():
                self._shape = self._shapes.take(message)
            case _:
                pass

    def _draw(self) -> Image.Image:
        canvas = Image.new("RGB", self.size)
        layout = self._picture.layout
        if layout is None:
            return canvas
        image = Image.fromarray(self._picture.pixels)
        if self._at is not None:
            shape = self._shape
            x, y = self._at.x - layout.x, self._at.y - layout.y
            if 0 <= x < layout.width and 0 <= y < layout.height:
                image.paste(shape.image, (x - shape.hot_x, y - shape.hot_y), shape.image)
        if self._scale != 1:
            shown = (max(1, round(layout.width * self._scale)), max(1, round(layout.height * self._scale)))
            image = image.resize(shown, Image.Resampling.LANCZOS)
        canvas.paste(image, ((canvas.width - image.width) // 2, (canvas.height - image.height) // 2))
        return canvas


@contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """A file of our own that becomes `to` when all went well, and else goes away."""
    part = to.with_name(f".{to.name}.{secrets.token_hex(6)}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        os.replace(part, to)
    except OSError as e:
        raise LocalProblem(f"{to} cannot be written: {e.strerror}.", "Check the directory and the free space.") from e
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _told(to: Path) -> Iterator[None]:
    """What the library cannot do, as an error of ours."""
    try:
        import av
    except ImportError as e:
        raise LocalProblem("Films need PyAV, which is not installed here.", WITHOUT) from e
    try:
        yield
    except av.FFmpegError as e:
        raise LocalProblem(f"{to} cannot be written: {e.strerror}.", "Check the free space.") from e


@contextmanager
def _film(path: Path, size: tuple[int, int], rate: int) -> Iterator[tuple[OutputContainer, VideoStream]]:
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        try:
            stream = container.add_stream(CODEC, rate=rate, options=OPTIONS)
        except (av.FFmpegError, ValueError) as e:
            raise LocalProblem("This PyAV cannot make H.264.", WITHOUT) from e
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, 1000)
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        yield container, stream
        container.mux(stream.encode(None))


def _write(container: OutputContainer, stream: VideoStream, time: int, image: Image.Image) -> None:
    import av

    frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
    frame.pts, frame.time_base = time, Fraction(1, 1000)
    container.mux(stream.encode(frame))


def _even(length: float) -> int:
    """H.264 with colour at half resolution knows no odd sizes; a picture that is larger by one pixel is cut there."""
    return max(2, round(length) // 2 * 2)
