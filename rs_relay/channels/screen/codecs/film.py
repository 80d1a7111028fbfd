"""H.264 for what keeps moving: one picture in, one picture out, nothing held back. Needs PyAV, the extra `video`;
without it `usable` is false, and film goes as JPEG.

A stream is Annex B, 4:2:0, BT.601 in limited range, its size the rectangle's rounded up to even numbers. It begins with
the one key picture that it has: the line loses nothing, so each later picture builds on the one before.

Measured on 720p (a fractal beside a test pattern / a camera that pans over grain, with a cut), one thread of an EPYC:

    H.264 ultrafast             2.9 / 3.4 ms   36 / 25 KB a picture   25.7 / 28.0 dB     decoded in 1.3 ms
    H.264 superfast, CAVLC      3.9 / 4.2 ms   24 /  9 KB             25.5 / 28.2 dB     1.4 ms     this one
    H.264 superfast, CABAC      4.7 / 4.4 ms   22 /  8 KB             25.5 / 28.2 dB     2.3 ms
    H.264 veryfast              6.7 / 6.2 ms   19 /  6 KB             24.8 / 28.0 dB     2.2 ms
    VP8 realtime                7.3 / 7.4 ms   16 / 11 KB             24.5 / 29.1 dB     1.9 ms
    VP9 realtime, cpu-used 8    7.3 / 10 ms    10 / 13 KB             24.3 / 29.2 dB     1.9 ms
    AV1 (SVT 12, low delay)     5.3 / 6.5 ms   20 /  8 KB             24.6 / 28.9 dB     1.6 ms     threads of its own
    MPEG-4 part 2               2.6 / 4.9 ms  116 / 158 KB            1.5 ms
    JPEG quality 75             2.2 / 2.2 ms  100 / 110 KB

4:2:0 alone takes the first film to 28 dB. From the screen's pixels to 4:2:0 it is 1 ms, and 0.2 ms back. On a real
desktop a film of 720p at 30 a second takes a third of a core in all at the agent, of which this is the most. A fifth
as `stills`, which is why those go first where the line allows (x0vncserver, with its 260 KB a picture: 15 %).

Decided against: intra refresh (spreads the key picture, which comes once, and makes each later one larger); frame
threads (each holds a picture back); two slices for 720p (0.4 ms quicker, for a tenth more CPU).
"""

from __future__ import annotations

import importlib.util
import os
import re
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import Pixels
from rs_relay.errors import LocalProblem, PeerBroke

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

NAME = "h264"
CRF = 26  # of x264: what a film is worth where the line is no question
BITS = 1_000_000  # a picture, where nothing else is said: five times what CRF takes
BUFFER = 6  # pictures' worth of bits that one picture may take
RATE = 30  # what the bits of a second are reckoned by; the pictures come when they come
THREADED = 1_500_000  # pixels from which slices are made side by side

# Slices that one picture may be cut into. Each may claim to be a whole picture, which costs its decoding.
MOST_SLICES = 16
_UNIT = re.compile(rb"\x00\x00\x01")
_SLICE, _KEY, _REMARK, _SEQUENCE, _PICTURE, _DELIMITER = 1, 5, 6, 7, 8, 9
_KNOWN = {_SLICE, _KEY, _REMARK, _SEQUENCE, _PICTURE, _DELIMITER}


def usable() -> bool:
    """Whether this computer has what films need."""
    return importlib.util.find_spec("av") is not None


def even(side: int) -> int:
    """The side of a stream for a rectangle of that side: colour has half the resolution."""
    return side + side % 2


class Encoder:
    """One stream. Raises LocalProblem if this computer's PyAV cannot make one."""

    def __init__(self, width: int, height: int, bits: int = BITS) -> None:
        """`width`, `height`: even. `bits`: a picture's, on the average and where it would be more."""
        import av  # 40 ms and 20 MB, for those only who watch a film
        from av.error import FFmpegError
        from av.video.reformatter import VideoReformatter

        try:
            made = av.CodecContext.create("libx264", "w")
            made.width, made.height, made.pix_fmt = width, height, "yuv420p"
            made.time_base, made.framerate = Fraction(1, RATE), Fraction(RATE)
            made.gop_size, made.max_b_frames = 1 << 30, 0
            made.thread_count = min(4, os.cpu_count() or 1) if width * height >= THREADED else 1
            made.thread_type = "SLICE"
            made.options = {
                "preset": "superfast",
                "tune": "zerolatency",
                "crf": str(CRF),
                "maxrate": str(bits * RATE),
                "bufsize": str(bits * BUFFER),
                "x264-params": "cabac=0:scenecut=0",
            }
            made.open()
        except (ValueError, FFmpegError) as e:
            raise LocalProblem("This computer's PyAV cannot encode H.264.") from e
        self._stream: VideoCodecContext = made
        self._reformatter = VideoReformatter()
        self._count = 0

    def encode(self, pixels: npt.NDArray[np.uint8]) -> bytes:
        """The next picture, of shape (height, width, 4): B, G, R, X. A part of a larger array costs no copy."""
        from av.video.frame import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace, Interpolation

        picture = self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(pixels, format="bgra"),
            format="yuv420p",
            interpolation=Interpolation.AREA,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        picture.pts = self._count
        self._count += 1
        return b"".join(map(bytes, self._stream.encode(picture)))


class Decoder:
    """One stream of pictures of one size. After PeerBroke it is lost."""

    def __init__(self, width: int, height: int) -> None:
        """`width`, `height`: of the rectangle."""
        import av
        from av.video.reformatter import VideoReformatter

        self._size = width, height
        self._begun = False
        made = av.CodecContext.create("h264", "r")
        made.thread_count, made.thread_type = 1, "SLICE"
        made.options = {
            # Judged before anything of that size is allocated; ffmpeg rounds up for its own convenience.
            "max_pixels": str((width // 64 + 2) * 64 * (height // 64 + 2) * 64),
            "flags": "low_delay",
            "err_detect": "explode",
        }
        made.open()
        self._stream: VideoCodecContext = made
        self._reformatter = VideoReformatter()

    def decode(self, data: bytes) -> Pixels:
        """The picture that `data` must hold, no more and no less. Raises PeerBroke."""
        from av.video.reformatter import ColorRange, Colorspace

        _judge(data, key=not self._begun)
        self._begun = True
        picture = self._one(data)
        width, height = self._size
        if picture.format.name != "yuv420p" or (picture.width, picture.height) != (even(width), even(height)):
            raise PeerBroke("The other end sent a film of another size than it announced.")
        seen = self._reformatter.reformat(
            picture,
            format="rgb24",
            src_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        [plane] = seen.planes
        return np.ndarray((height, width, 3), np.uint8, memoryview(plane), strides=(plane.line_size, 3, 1))

    def _one(self, data: bytes) -> VideoFrame:
        from av.error import FFmpegError
        from av.packet import Packet

        try:
            pictures = self._stream.decode(Packet(data))
        except (FFmpegError, ValueError) as e:
            raise PeerBroke("The other end sent a film that cannot be decoded.") from e
        if len(pictures) != 1 or pictures[0].is_corrupt:
            raise PeerBroke("The other end sent a film that cannot be decoded.")
        return pictures[0]


def _judge(data: bytes, key: bool) -> None:
    """One picture, by the heads of its units (ITU-T H.264, 7.3.1 and 7.4.1.2.4): a few bytes can ask for many pictures
    to be decoded. Raises PeerBroke."""
    kinds = []
    first = 0  # slices that begin a picture: their first macroblock is 0, which is one bit set
    for unit in _UNIT.finditer(data):
        head = data[unit.end() : unit.end() + 2]
        if len(head) < 2 or head[0] & 31 not in _KNOWN:
            raise PeerBroke("The other end sent a film in a form that rs does not use.")
        kinds.append(head[0] & 31)
        first += kinds[-1] in (_SLICE, _KEY) and head[1] >= 0x80
        if len(kinds) > MOST_SLICES + 8:
            break
    slices = kinds.count(_SLICE) + kinds.count(_KEY)
    others = len(kinds) - slices
    if first != 1 or slices > MOST_SLICES or others > 8 or (key and not {_KEY, _SEQUENCE, _PICTURE} <= set(kinds)):
        raise PeerBroke("The other end sent a film in a form that rs does not use.")
    if not key and _SEQUENCE in kinds:
        raise PeerBroke("The other end began a film anew in the middle of it.")
