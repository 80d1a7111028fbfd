"""Pictures of a clipboard: made anew, in bounds, or refused."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from rs_relay.clipboard import image
from rs_relay.clipboard.image import check_header, png
from rs_relay.errors import PeerBroke, UsageError


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, 120 if mode in "LP" else (10, 20, 30, 40)[: len(mode)]).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("BMP", "RGB"), ("TIFF", "L"), ("WEBP", "RGB")]
)
def test_all_kinds_become_png(kind: str, mode: str) -> None:
    made = Image.open(BytesIO(png(encoded(kind, mode))))
    assert (made.format, made.size) == ("PNG", (40, 30))


def test_the_pixels_stay_and_nothing_else() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("secret", "where it was taken")
    data = encoded("PNG", "RGBA", pnginfo=info)
    assert b"secret" in data
    made = png(data)
    assert b"secret" not in made
    assert Image.open(BytesIO(made)).getpixel((1, 1)) == (10, 20, 30, 40)


def test_bounds_are_looked_at_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="pixels"):
        png(encoded("PNG", "L", (image.MAX_SIDE + 1, 1)))
    monkeypatch.setattr(image, "MAX_PIXELS", 1000)
    with pytest.raises(UsageError, match="pixels"):
        png(encoded("PNG"))


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG\r\n\x1a\n" + bytes(50), b"%PDF-1.4", b"<svg></svg>"])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(UsageError):
        png(data)


def test_a_damaged_one() -> None:
    data = bytearray(encoded("PNG", "RGB", (300, 300)))
    for cut in range(20, len(data), 37):
        try:
            png(bytes(data[:cut]))
        except UsageError:
            continue


def test_a_header_is_looked_at_where_nothing_is_decoded() -> None:
    check_header(png(encoded("PNG")))
    wide = bytearray(encoded("PNG"))
    wide[16:20] = (1 << 20).to_bytes(4, "big")
    for data in (b"", b"\x89PNG\r\n\x1a\n", encoded("JPEG"), bytes(wide)):
        with pytest.raises(PeerBroke):
            check_header(data)
