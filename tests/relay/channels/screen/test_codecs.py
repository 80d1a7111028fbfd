from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rs_relay.channels.screen.codecs import FILMS, NAMES, REGIONS, exact, film, jpeg
from rs_relay.channels.screen.tiles import SIDE
from rs_relay.errors import PeerBroke
from tests.support.scenery import photograph, rgb

TILE_BYTES = SIDE * SIDE * 3


def some_tiles(count: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, count * TILE_BYTES, dtype=np.uint8).tobytes()


def test_a_stream_of_tiles_arrives_piece_by_piece() -> None:
    encoder, decoder = exact.Encoder(), exact.Decoder()
    for count in (1, 7, 300, 2):
        raw = some_tiles(count, count)
        assert decoder.decode(encoder.encode(raw), len(raw)) == raw


def test_what_was_seen_before_costs_next_to_nothing() -> None:
    encoder = exact.Encoder()
    first, between, again = (
        encoder.encode(some_tiles(9)),
        encoder.encode(some_tiles(500, 1)),
        encoder.encode(some_tiles(9)),
    )
    assert len(first) > 9 * TILE_BYTES * 0.9
    assert len(between) > 500 * TILE_BYTES * 0.9
    assert len(again) < 400


def test_nothing_is_nothing() -> None:
    assert len(exact.Decoder().decode(b"", 0)) == 0


@pytest.mark.parametrize("told", [1, 3, 0])
def test_another_number_of_tiles_than_told_is_refused(told: int) -> None:
    data = exact.Encoder().encode(some_tiles(2))
    with pytest.raises(PeerBroke):
        exact.Decoder().decode(data, told * TILE_BYTES)


def test_a_truncated_piece_is_refused() -> None:
    data = exact.Encoder().encode(some_tiles(2))
    with pytest.raises(PeerBroke):
        exact.Decoder().decode(data[:-20], 2 * TILE_BYTES)


def test_a_bomb_is_never_unpacked() -> None:
    data = exact.Encoder().encode(bytes(200 * 1024 * 1024))  # 200 MB of black in 20 KB
    assert len(data) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(PeerBroke):
            exact.Decoder().decode(data, 2 * TILE_BYTES)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_stream_that_wants_a_large_window_is_refused() -> None:
    zstd = exact.zstd
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.compression_level: 1}
    data = zstd.ZstdCompressor(options=options).compress(some_tiles(1), zstd.ZstdCompressor.FLUSH_BLOCK)
    with pytest.raises(PeerBroke):
        exact.Decoder().decode(data, 1 * TILE_BYTES)


def test_a_stream_that_ends_is_refused_with_what_follows() -> None:
    zstd = exact.zstd
    ended = zstd.ZstdCompressor().compress(some_tiles(1), zstd.ZstdCompressor.FLUSH_FRAME)
    with pytest.raises(PeerBroke):
        exact.Decoder().decode(ended, 1 * TILE_BYTES)
    decoder = exact.Decoder()
    for _ in range(2):
        with pytest.raises(PeerBroke):
            decoder.decode(ended + b"and more", 1 * TILE_BYTES)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_refused_or_decodes_to_as_many_tiles(data: st.DataObject) -> None:
    piece = bytearray(exact.Encoder().encode(np.repeat(np.frombuffer(some_tiles(1), np.uint8), 4).tobytes()))
    piece[data.draw(st.integers(0, len(piece) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert len(exact.Decoder().decode(bytes(piece), 4 * TILE_BYTES)) == 4 * TILE_BYTES
    except PeerBroke:
        pass


def test_codecs_are_known_by_name() -> None:
    assert NAMES == ("jpeg", "halved", "stills", "h264", "shades")
    assert REGIONS["jpeg"] is jpeg.decode
    assert FILMS["h264"] is film.Decoder


def test_a_photograph_arrives_much_as_it_was() -> None:
    picture = np.ascontiguousarray(rgb(photograph(130, 170)))
    data = jpeg.encode(picture)
    seen = jpeg.decode(data, 170, 130)
    assert seen.shape == picture.shape
    assert np.abs(seen.astype(int) - picture).mean() < 8
    assert len(data) < picture.nbytes / 8


def made(image: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def with_size(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG, whose header claims another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


SMALL = Image.new("RGB", (64, 32), "red")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "data",
    [
        made(Image.new("RGB", (64, 33))),
        made(Image.new("L", (64, 32))),
        made(Image.new("CMYK", (64, 32))),
        made(SMALL, "PNG"),
        made(SMALL, "GIF"),
        made(SMALL, progressive=True),
        made(SMALL)[:-30],
        made(SMALL)[:200],
        b"",
        b"\xff\xd8\xff",
        b"GIF89a",
        with_size(made(SMALL), 30_000, 30_000),
        with_size(made(SMALL), 12_000, 12_000),
        with_size(made(SMALL), 0, 0),
    ],
)
def test_what_is_no_plain_jpeg_of_that_size_is_refused(data: bytes) -> None:
    with pytest.raises(PeerBroke):
        jpeg.decode(data, 64, 32)


def test_a_jpeg_that_lacks_its_pixels_is_no_larger_than_it_said() -> None:
    try:  # libjpeg may fill what is missing with grey
        assert jpeg.decode(with_size(made(SMALL), 512, 512), 512, 512).shape == (512, 512, 3)
    except PeerBroke:
        pass


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_broken_jpeg_is_refused_or_has_the_size(data: st.DataObject) -> None:
    broken = bytearray(made(SMALL))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert jpeg.decode(bytes(broken), 64, 32).shape == (32, 64, 3)
    except PeerBroke:
        pass
