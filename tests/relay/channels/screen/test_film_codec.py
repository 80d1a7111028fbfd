"""H.264 there and back, and bytes that are no film."""

from __future__ import annotations

import subprocess
import sys
import time

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.channels.screen import codecs
from rs_relay.channels.screen.codecs import film
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.scenery import grabbed, photograph, rgb

WIDTH, HEIGHT = 320, 192


def panned(n: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return photograph(height + 200, width + 200, seed=5)[n : n + height, 3 * n : 3 * n + width]


def stream(count: int, width: int = WIDTH, height: int = HEIGHT) -> list[bytes]:
    encoder = film.Encoder(film.even(width), film.even(height))
    return [encoder.encode(grabbed(panned(n, film.even(height), film.even(width)))) for n in range(count)]


@pytest.mark.parametrize("size", [(320, 192), (321, 191), (33, 31), (1, 1), (1600, 1000)])
def test_each_picture_comes_at_once_and_much_as_it_was(size: tuple[int, int]) -> None:
    width, height = size
    decoder = film.Decoder(width, height)
    for n, data in enumerate(stream(4, width, height)):
        shown = decoder.decode(data)
        assert shown.shape == (height, width, 3)
        assert np.abs(shown.astype(int) - rgb(panned(n, height, width))).mean() < 8


def test_colours_are_the_right_ones() -> None:
    for colour in (0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF, 0x000000, 0x808080):
        picture = np.full((64, 64), colour, np.uint32)
        shown = film.Decoder(64, 64).decode(film.Encoder(64, 64).encode(grabbed(picture)))
        assert np.abs(shown.astype(int) - rgb(picture)).max() <= 5


def test_a_part_of_a_larger_picture_is_taken_where_it_lies() -> None:
    whole = grabbed(photograph(400, 700, seed=1))
    apart = film.Encoder(320, 192).encode(np.ascontiguousarray(whole[50:242, 100:420]))
    assert film.Encoder(320, 192).encode(whole[50:242, 100:420]) == apart


def test_what_moves_costs_less_than_its_pictures_by_themselves() -> None:
    first, *later = map(len, stream(6))
    assert max(later) < first / 2


def test_a_budget_is_kept() -> None:
    """Of a film that is a cut at each picture."""
    seen = [grabbed(photograph(HEIGHT, WIDTH, seed=n)) for n in range(20)]
    rich, poor = film.Encoder(WIDTH, HEIGHT), film.Encoder(WIDTH, HEIGHT, bits=8_000)
    free, kept = ([len(encoder.encode(picture)) for picture in seen] for encoder in (rich, poor))
    assert sum(kept[5:]) < 15 * 1_000 * 1.3 < sum(free[5:]) / 1.5
    assert max(kept) <= film.BUFFER * 1_000


@pytest.mark.parametrize(
    "size", [(WIDTH, HEIGHT - 2), (WIDTH + 2, HEIGHT), (64, 64), (WIDTH, HEIGHT + 32), (3000, 2000)]
)
def test_another_size_than_told_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PeerBroke):
        film.Decoder(*size).decode(stream(1)[0])


def test_a_huge_picture_is_refused_before_there_is_room_for_it() -> None:
    data = stream(1, 4096, 4096)[0]
    code = (
        "import sys\n"
        "from rs_relay.channels.screen.codecs import film\n"
        "from rs_relay.errors import PeerBroke\n"
        "decoder = film.Decoder(64, 64)\n"
        "try: decoder.decode(sys.stdin.buffer.read())\n"
        "except PeerBroke: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert int(done.stdout) < 100 * 1024  # KiB; its pictures take 25 MB each, and its decoder several


def test_many_pictures_in_the_place_of_one_are_refused_unseen() -> None:
    data = stream(2)
    decoder = film.Decoder(WIDTH, HEIGHT)
    decoder.decode(data[0])
    began = time.perf_counter()
    with pytest.raises(PeerBroke):
        decoder.decode(data[1] * 2)
    with pytest.raises(PeerBroke):
        decoder.decode(b"\x00\x00\x01\x41\x60\x00" * 100_000)  # slices, none of them the first
    with pytest.raises(PeerBroke):
        decoder.decode(data[1] + b"\x00\x00\x01\x06\x05" * 100_000)
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x00\x00\x01", b"\x00\x00\x01\x65", b"no film at all" * 50, b"\x00" * 9999]
)
def test_what_is_no_film_is_refused(data: bytes) -> None:
    with pytest.raises(PeerBroke):
        film.Decoder(WIDTH, HEIGHT).decode(data)


def test_a_picture_without_its_second_half_is_refused() -> None:
    data = stream(2)
    with pytest.raises(PeerBroke):
        film.Decoder(WIDTH, HEIGHT).decode(data[0][: len(data[0]) // 2])


GOOD = stream(4)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_films_are_refused_or_have_the_size(data: st.DataObject) -> None:
    decoder = film.Decoder(WIDTH, HEIGHT)
    for good in GOOD:
        broken = bytearray(good)
        match data.draw(st.sampled_from(["whole", "flip", "cut", "insert", "other"])):
            case "flip":
                for at in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=20)):
                    broken[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del broken[data.draw(st.integers(0, len(broken))) :]
            case "insert":
                at = data.draw(st.integers(0, len(broken)))
                broken[at:at] = data.draw(st.binary(min_size=1, max_size=60))
            case "other":
                broken = bytearray(data.draw(st.sampled_from(GOOD)))
        try:
            assert decoder.decode(bytes(broken)).shape == (HEIGHT, WIDTH, 3)
        except PeerBroke:
            return


def test_what_cannot_be_encoded_is_a_problem_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalProblem):
        film.Encoder(33, 31)
    monkeypatch.setattr("av.CodecContext.create", lambda *_: av.Codec("no such codec", "w"))  # a PyAV without x264
    with pytest.raises(LocalProblem):
        film.Encoder(32, 32)


def test_without_its_library_it_is_not_offered() -> None:
    code = (
        "import sys, importlib.util as u; sys.modules['av'] = None; found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'av' else found(name, *a)\n"
        "from rs_relay.channels.screen import codecs; from rs_relay.picture.encoder import Encoder\n"
        "print(*codecs.NAMES)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [name for name in codecs.NAMES if name != film.NAME]


def test_its_library_is_loaded_with_the_first_film_only() -> None:
    code = "import sys; from rs_relay.channels.screen import codecs; print('av' in sys.modules, *codecs.NAMES)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", *codecs.NAMES]
    assert film.NAME in codecs.NAMES
