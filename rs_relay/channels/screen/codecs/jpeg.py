"""JPEG: for photographs and film, where exact pixels cost ten times the bytes and nobody sees the difference.

Quality 75 with colour at half resolution: film at 720p is about 100 KB a frame at 2 ms. What rests is sent
again exactly.
"""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from rs_relay.channels.screen.tiles import Pixels
from rs_relay.errors import PeerBroke

NAME = "jpeg"
QUALITY = 75

# What Pillow raises for bytes that are not the picture they claim to be.
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    struct.error,
    Image.DecompressionBombError,
)


def encode(pixels: Pixels, quality: int = QUALITY, *, dense: bool = False) -> bytes:
    """`pixels` of shape (height, width, 3), RGB. `dense`: takes twice as long for 300 bytes less."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling="4:2:0", optimize=dense)
    return out.getvalue()


def decode(data: bytes, width: int, height: int) -> Pixels:
    """The picture, which must be of exactly that size: judged by its header, before a pixel is decoded.

    Raises PeerBroke."""
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
        if image.size != (width, height) or image.mode != "RGB":
            raise PeerBroke("The other end sent a photograph of another size than it announced.")
        if image.info.get("progressive"):
            # Each scan of a progressive JPEG goes over all pixels again: a few KB could ask for minutes.
            raise PeerBroke("The other end sent a photograph in a form that rs does not use.")
        image.load()
    except BROKEN as e:
        raise PeerBroke("The other end sent a photograph that cannot be decoded.") from e
    return np.asarray(image)
