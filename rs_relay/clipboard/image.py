"""A picture from a clipboard becomes a PNG of our own making, or nothing.

What another program (or the other end) calls a picture is opened by few decoders, in bounds that are looked at before
anything is decoded, and written anew: no profile, text or trick of the old file comes along.
"""

from __future__ import annotations

import warnings
from io import BytesIO

from rs_relay.clipboard.contents import LIMITS, ClipboardTooLarge, Format
from rs_relay.errors import PeerBroke, UsageError

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
MAX_SIDE, MAX_PIXELS = 16_384, 40_000_000  # more is no screen and no photograph that somebody copies
COMPRESSION = 3  # a screen of 4K in 0.3 s; 6 takes twice that for a tenth less


def check_header(data: bytes) -> None:
    """That this is a PNG within the bounds, by its first bytes: for whoever hands it on and decodes nothing. Raises
    PeerBroke."""
    size = [int.from_bytes(data[at : at + 4], "big") for at in (16, 20)]
    good = data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24
    if not good or not all(0 < side <= MAX_SIDE for side in size) or size[0] * size[1] > MAX_PIXELS:
        raise PeerBroke("What the other end called a picture is none, or too large.")


def png(data: bytes) -> bytes:
    """Raises UsageError for what is no picture or one out of bounds, ClipboardTooLarge."""
    from PIL import Image  # 30 ms, and a text needs none of it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(data), formats=FORMATS) as found:
                width, height = found.size
                if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
                    raise UsageError("That picture has too many pixels for a clipboard.", "Send it as a file.")
                found.load()
                plain = found if found.mode in ("RGB", "RGBA", "L") else found.convert("RGBA")
                clean = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    except UsageError:
        raise
    except Exception as e:  # Pillow's decoders raise nearly anything for damaged data
        raise UsageError("That is not a picture that a clipboard takes.", "PNG, JPEG, WebP, TIFF, BMP or GIF.") from e
    out = BytesIO()
    clean.save(out, "PNG", compress_level=COMPRESSION)
    if out.tell() > LIMITS[Format.IMAGE]:
        raise ClipboardTooLarge(out.tell())
    return out.getvalue()
