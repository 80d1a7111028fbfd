"""Encoder and picture, back to back: what the viewer holds is what the screen showed."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.channels.screen.codecs import NAMES, depth
from rs_relay.channels.screen.messages import MAX_TILES, SPEC, Colours, Frame, Layout, Tune
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import SIDE, Grid
from rs_relay.picture import quality
from rs_relay.picture.encoder import Encoder
from rs_relay.picture.slow import Slow
from tests.support.scenery import grabbed, page, photograph, rgb

FPS = 1 / 30


class Show:
    """A screen, its encoder and the picture at the other end; frames cross as bytes."""

    def __init__(
        self,
        width: int,
        height: int,
        codecs: tuple[str, ...] = NAMES,
        tune: Tune | None = None,
        *,
        told: bool = False,
    ) -> None:
        """`told`: the screen says what was drawn."""
        self.told = told
        self.before: np.ndarray | None = None
        self.colours = (tune or Tune()).colours
        self.grid = Grid(width, height)
        self.encoder = Encoder(1, self.grid, codecs, tune=tune)
        self.picture = Picture()
        self.picture.reset(Layout(1, 0, 0, width, height, colours=self.colours))
        self.now = 100.0
        self.focus = self.grid.empty()

    def update(
        self, seen: np.ndarray, after: float = FPS, refine: int = MAX_TILES, allowance: int | None = None
    ) -> list[Frame]:
        self.now += after
        line = None if allowance is None else Slow(allowance, self.focus)
        only = self.drawn(seen) if self.told else None
        frames = []
        before = self.picture.pixels.copy()
        changed = np.zeros(before.shape[:2], np.bool_)
        for frame in self.encoder.update(grabbed(seen), self.now, refine, only, line):
            data = msgspec.msgpack.encode(frame)
            assert len(data) <= SPEC.max_message
            heard = SPEC.decode_down(data)
            assert isinstance(heard, Frame)
            for r in self.picture.apply(heard):
                changed[r.y : r.y + r.height, r.x : r.x + r.width] = True
            frames.append(heard)
        assert ((before == self.picture.pixels).all(axis=2) | changed).all(), "a change was not reported"
        assert self.picture.lossy == self.encoder.lossy
        return frames

    def drawn(self, seen: np.ndarray) -> np.ndarray | None:
        before, self.before = self.before, seen.copy()
        if before is None:
            return None
        differs = np.zeros((self.grid.rows * SIDE, self.grid.columns * SIDE), np.bool_)
        differs[: self.grid.height, : self.grid.width] = seen != before
        return differs.reshape(self.grid.rows, SIDE, self.grid.columns, SIDE).any(axis=(1, 3))

    def shows(self, seen: np.ndarray) -> bool:
        return bool((self.picture.pixels == rgb(depth.reduce(seen, self.colours))).all())

    def rest(self, seen: np.ndarray) -> None:
        """Until nothing lossy is left."""
        for _ in range(2):
            self.update(seen, after=2 * quality.REST)
        assert not self.picture.lossy


@pytest.mark.parametrize("size", [(640, 480), (645, 487), (31, 33), (2000, 40)])
def test_the_first_update_is_the_whole_screen(size: tuple[int, int]) -> None:
    width, height = size
    show, seen = Show(width, height), page(height, width)
    frames = show.update(seen)
    assert show.shows(seen)
    assert [f.more for f in frames] == [True] * (len(frames) - 1) + [False]
    assert len({f.seq for f in frames}) == 1


def test_a_black_screen_is_told_and_a_still_one_is_not() -> None:
    show, black = Show(640, 480), np.zeros((480, 640), np.uint32)
    assert len(show.update(black)) == 1
    assert show.picture.exact
    assert show.update(black) == []
    assert show.update(black | np.uint32(0xFF000000)) == []


def test_a_typed_letter_is_one_small_frame() -> None:
    show, seen = Show(1280, 800), page(800, 1280)
    show.update(seen)
    sizes = []
    for n in range(20):
        seen = seen.copy()
        letter = page(16, 10, seed=n)
        seen[400:416, 100 + n * 8 : 110 + n * 8] = letter
        frames = show.update(seen)
        assert show.shows(seen)
        sizes.append(sum(len(msgspec.msgpack.encode(f)) for f in frames))
    assert sorted(sizes)[10] < 300


def test_a_letter_that_was_typed_before_costs_a_few_bytes_wherever_it_stands() -> None:
    show, seen, letter = Show(1280, 800), page(800, 1280), page(16, 10, seed=3)
    show.update(seen)
    sizes = []
    for n in range(20):
        seen = pasted(seen, letter, 101 + n * 11, 203 + n * 17)
        (frame,) = show.update(seen)
        assert frame.patches
        assert show.shows(seen)
        sizes.append(len(msgspec.msgpack.encode(frame)))
    assert sorted(sizes)[10] < 70


def test_a_patch_on_what_is_lossy_is_none() -> None:
    show, seen = Show(640, 480), photograph(480, 640)
    show.update(seen)
    seen = pasted(seen, page(16, 10), 100, 100)
    frames = show.update(seen)
    assert not any(frame.patches for frame in frames)
    show.rest(seen)
    assert show.shows(seen)


def test_scrolling_is_mostly_a_copy() -> None:
    show, long = Show(1280, 800), page(3000, 1280)
    show.update(long[:800])
    sizes = []
    for y in range(40, 440, 40):
        frames = show.update(long[y : y + 800].copy())
        assert show.shows(long[y : y + 800])
        assert frames[0].copies
        sizes.append(sum(len(msgspec.msgpack.encode(f)) for f in frames))
    assert max(sizes) < 40_000


def test_a_film_is_lossy_and_its_last_picture_becomes_exact() -> None:
    show, seen = Show(1280, 800), page(800, 1280)
    show.update(seen)
    for n in range(5):
        seen = seen.copy()
        seen[100:500, 200:900] = photograph(400, 700, seed=n)
        frames = show.update(seen)
        assert show.picture.lossy > 100
        assert any(f.regions for f in frames)
        outside = np.ones(seen.shape, np.bool_)
        outside[96:512, 192:928] = False
        assert (show.picture.pixels == rgb(seen))[outside].all()
        assert np.abs(show.picture.pixels.astype(int) - rgb(seen)).mean() < 5
    assert show.update(seen) == []  # just now it moved
    show.rest(seen)
    assert show.shows(seen)
    assert show.update(seen, after=10) == []


def test_refining_keeps_to_what_it_is_allowed() -> None:
    show, seen = Show(1280, 800), photograph(800, 1280)
    show.update(seen)
    left = show.picture.lossy
    for _ in range(3):
        frames = show.update(seen, after=2 * quality.REST, refine=40)
        assert show.picture.lossy == left - 40
        assert sum(sum(f.spans[1::2]) for f in frames) == 40
        left -= 40
    show.rest(seen)
    assert show.shows(seen)


def test_a_moved_photograph_becomes_exact_too() -> None:
    """A copy takes what is lossy along."""
    tall = photograph(1500, 640, seed=3)
    show = Show(640, 480)
    show.update(tall[:480])
    for y in (30, 75, 100):
        show.update(tall[y : y + 480].copy())
    show.rest(tall[100:580].copy())
    assert show.shows(tall[100:580])


def test_who_takes_no_codecs_gets_exact_pixels_only() -> None:
    show = Show(640, 480, codecs=())
    for n in range(3):
        seen = photograph(480, 640, seed=n)
        frames = show.update(seen)
        assert show.shows(seen)
        assert show.picture.exact
        assert not any(f.regions for f in frames)


def test_a_whole_8k_screen_fits_the_frames() -> None:
    seen = np.random.default_rng(0).integers(0, 1 << 24, (4320, 7680), dtype=np.uint32)
    show = Show(7680, 4320, codecs=())
    show.update(seen)
    assert show.shows(seen)


def test_text_over_a_film_is_exact_when_it_rests() -> None:
    show, seen = Show(640, 480), photograph(480, 640)
    show.update(seen)
    seen = seen.copy()
    seen[200:260, 100:500] = page(60, 400)
    show.update(seen)
    show.rest(seen)
    assert show.shows(seen)


def pasted(onto: np.ndarray, what: np.ndarray, x: int, y: int) -> np.ndarray:
    seen = onto.copy()
    seen[y : y + what.shape[0], x : x + what.shape[1]] = what
    return seen


def test_a_film_beside_a_terminal_comes_last_and_leaves_it_exact() -> None:
    show, long = Show(1280, 800), page(4000, 400, seed=2)
    desktop = page(800, 1280)
    for n in range(60):
        seen = pasted(desktop, photograph(400, 640, seed=n), 64, 64)
        seen = pasted(seen, long[n * 37 : n * 37 + 600], 736, 64)
        frames = show.update(seen)
        terminal = np.s_[64:664, 736:1136]
        assert (show.picture.pixels[terminal] == rgb(seen)[terminal]).all()
    *text, last = frames
    assert text
    assert not any(f.films for f in text)
    assert len(last.films) == 1
    assert (last.spans, last.regions, last.copies) == ((), (), ())
    assert sum(len(f.data) for f in last.films) < 60_000


def test_a_letter_beside_a_film_does_not_wait_for_it() -> None:
    show, desktop = Show(1280, 800), page(800, 1280)
    for n in range(40):
        seen = pasted(desktop, photograph(400, 640, seed=n), 64, 64)
        seen = pasted(seen, page(14, 9, seed=n), 900, 300)  # a letter
        frames = show.update(seen)
    letter, playing = frames
    assert not letter.films
    assert playing.films
    assert (playing.spans, playing.patches) == ((), ())


def test_a_letter_over_a_film_is_exact_while_it_plays() -> None:
    show, desktop = Show(1280, 800), page(800, 1280)
    caption = page(64, 256, seed=5)
    for n in range(90):
        seen = pasted(desktop, photograph(400, 640, seed=n), 64, 64)
        if n >= 40:
            seen = pasted(seen, caption, 128, 128)
        show.update(seen)
    assert (show.picture.pixels[128:192, 128:384] == rgb(seen)[128:192, 128:384]).all()
    assert show.picture.lossy > 200


def test_a_film_that_stops_is_exact_within_a_second_and_ends() -> None:
    show, desktop = Show(1280, 800), page(800, 1280)
    for n in range(40):
        seen = pasted(desktop, photograph(400, 640, seed=n), 64, 64)
        frames = show.update(seen)
    assert frames[-1].films
    for _ in range(30):
        frames = show.update(seen)
        if show.picture.exact:
            break
    assert show.shows(seen)
    words = [film for _ in range(45) for frame in show.update(seen) for film in frame.films]
    assert [word.data for word in words] == [b""]
    assert show.update(seen, after=9) == []


def test_a_film_at_the_edge_of_an_odd_screen_plays_too() -> None:
    show = Show(701, 457)
    for n in range(40):
        frames = show.update(photograph(457, 701, seed=n))
    assert frames[-1].films
    assert np.abs(show.picture.pixels.astype(int) - rgb(photograph(457, 701, seed=39))).mean() < 12
    show.rest(photograph(457, 701, seed=39))
    assert show.shows(photograph(457, 701, seed=39))


def test_a_film_that_is_scrolled_over_becomes_exact_again() -> None:
    """The stream goes on from what it showed, whatever was copied over it."""
    show, desktop = Show(1280, 800), page(1400, 1280)
    for n in range(60):
        down = max(0, n - 40) * 16
        seen = pasted(desktop[down : down + 800], photograph(400, 640, seed=n), 64, 64)
        show.update(seen)
    show.rest(seen)
    show.rest(seen)
    assert show.shows(seen)


@pytest.mark.parametrize(
    ("codecs", "tune"),
    [
        (("jpeg",), Tune()),
        (NAMES, Tune(lossless=True)),
        (NAMES, Tune(colours=Colours.GREYS)),
        ((), Tune()),
    ],
)
def test_no_film_where_it_was_not_wanted(codecs: tuple[str, ...], tune: Tune) -> None:
    encoder = Encoder(1, Grid(640, 480), codecs, tune=tune)
    for n in range(40):
        for frame in encoder.update(grabbed(photograph(480, 640, seed=n)), 10 + n * FPS):
            assert not frame.films


def test_a_slow_line_shows_all_at_once_roughly_and_where_the_person_works_in_full() -> None:
    show, seen = Show(1280, 800), page(800, 1280)
    show.focus[4:12, 5:20] = True
    first = show.update(seen, allowance=700)
    assert sum(len(frame.data) for frame in first) < 8000
    assert {frame.shades for frame in first} == {4}
    sizes, forms = [], []
    while show.picture.lossy:
        frames = show.update(seen, after=quality.REST, allowance=700)
        sizes.append(sum(len(frame.data) for frame in frames))
        forms += [frame.shades for frame in frames]
        if not forms.count(0) and forms.count(2) == 1:  # the first half-sized shades: all that has the focus is there
            there = rgb(seen)[128:384, 160:640].mean(axis=2) - show.picture.pixels[128:384, 160:640].mean(axis=2)
            assert np.abs(there).max() <= 43
        assert len(sizes) < 1000
    assert sorted(set(forms)) == [0, 1, 2]
    assert forms.index(1) < forms.index(2) < forms.index(0)
    assert np.median(sizes) < 1400
    assert show.shows(seen)


def test_a_photograph_on_a_slow_line_is_there_in_colour_while_text_elsewhere_is_not_exact_yet() -> None:
    show = Show(800, 608)
    show.focus[2:8, 1:9] = True
    seen = pasted(page(608, 800), photograph(256, 320, seed=3), 416, 288)
    there = np.s_[288:544, 416:736]
    show.update(seen, allowance=700)
    text, sizes = [], []
    while show.picture.lossy:
        frames = show.update(seen, after=quality.REST, allowance=700)
        sizes.append(sum(len(f.data) + sum(len(r.data) for r in f.regions) for f in frames))
        assert {region.codec for frame in frames for region in frame.regions} <= {"halved"}
        if any(frame.regions for frame in frames):
            text.append((show.picture.pixels == rgb(seen)).all(axis=2).mean())
            off = np.abs(show.picture.pixels[there].astype(int) - rgb(seen)[there]).mean()
        assert len(sizes) < 2000
    assert off < 15
    assert max(text) < 0.7
    assert max(sizes[6:]) < 5000
    assert show.shows(seen)


def test_a_letter_goes_before_what_is_refined_of_a_photograph() -> None:
    show, seen = Show(800, 608), pasted(page(608, 800), photograph(256, 320, seed=3), 416, 288)
    show.update(seen, allowance=700)
    while show.picture.lossy > 70:  # all text is exact, and some of the photograph
        show.update(seen, after=quality.REST, allowance=700)
    seen = seen.copy()
    seen[100:112, 300:307] = 0x112233
    letter, photographed = show.update(seen, after=quality.REST, allowance=700)
    assert letter.patches
    assert not letter.spans
    assert len(letter.data) < 200
    assert sum(photographed.spans[1::2]) == 1


def test_who_knows_no_halves_gets_shades_of_a_photograph() -> None:
    show, seen = Show(640, 480, codecs=("jpeg", "shades")), photograph(480, 640)
    show.update(seen, allowance=700)
    assert not any(frame.regions for _ in range(20) for frame in show.update(seen, after=quality.REST, allowance=700))


def test_a_photograph_that_scrolled_on_a_slow_line_is_exact_in_the_end() -> None:
    show, tall = Show(640, 480), pasted(page(700, 640), photograph(320, 320, seed=3), 160, 200)
    show.focus[2:6, 2:9] = True
    for top in (0, 40, 41, 200):
        seen = tall[top : top + 480]
        for _ in range(3):
            show.update(seen, after=quality.REST, allowance=900)
    while show.picture.lossy:
        show.update(seen, after=quality.REST, allowance=900)
    assert show.shows(seen)


def test_a_letter_on_a_slow_line_is_exact_at_once() -> None:
    show, seen = Show(1280, 800), page(800, 1280)
    show.update(seen)
    seen = seen.copy()
    seen[100:112, 300:307] = 0x112233
    (frame,) = show.update(seen, allowance=700)
    assert (frame.shades, frame.lossy) == (0, 0)
    assert show.shows(seen)


def test_a_line_that_is_slow_no_more_gets_all_that_is_owed() -> None:
    show, seen = Show(640, 480), page(480, 640)
    show.update(seen, allowance=0)
    assert show.picture.lossy
    show.update(seen)
    assert show.shows(seen)


def test_what_was_there_before_anybody_looked_need_not_rest_before_it_is_finer_but_what_changes_must() -> None:
    show, seen = Show(640, 480), page(480, 640)
    show.update(seen, allowance=0)
    assert {frame.shades for frame in show.update(seen, after=0.01, allowance=5000)} == {2}
    show.update(seen, allowance=None)
    assert show.picture.exact
    other = page(480, 640, seed=7)
    assert 4 in {frame.shades for frame in show.update(other, after=0.01, allowance=700)}
    assert not show.update(other, after=0.01, allowance=5000)
    assert show.update(other, after=quality.REST, allowance=5000)


def test_who_knows_no_shades_gets_none() -> None:
    show, seen = Show(640, 480, codecs=()), page(480, 640)
    show.update(seen, allowance=0)
    assert show.picture.exact
    assert show.shows(seen)


@pytest.mark.parametrize("colours", [Colours.C256, Colours.GREYS])
def test_few_colours_cost_few_bytes_and_hide_what_they_cannot_say(colours: Colours) -> None:
    plain, few, seen = Show(640, 480), Show(640, 480, tune=Tune(colours)), page(480, 640)
    size, all_of_it = (sum(len(f.data) for f in show.update(seen)) for show in (few, plain))
    assert size < all_of_it * 0.7
    assert few.shows(seen)
    assert not few.picture.exact  # it is not what the customer has
    seen = np.where(seen == 0xFFFFFF, 0xFEFEFE, seen).astype(np.uint32)
    assert plain.update(seen)
    assert few.update(seen) == []


LONG = page(900, 700, seed=8)
PHOTO = photograph(900, 700, seed=8)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, int, int, int, int, int]:
    kind = draw(st.sampled_from(["fill", "noise", "scroll", "move", "photo", "film", "still"]))
    x, y = draw(st.integers(0, 200)), draw(st.integers(0, 150))
    return kind, x, y, draw(st.integers(1, 230)), draw(st.integers(1, 170)), draw(st.integers(0, 120))


def edited(seen: np.ndarray, edit: tuple[str, int, int, int, int, int]) -> np.ndarray:
    kind, x, y, width, height, n = edit
    seen = seen.copy()
    part = seen[y : y + height, x : x + width]
    match kind:
        case "fill":
            part[:] = n * 0x010203
        case "noise":
            part[:] = np.random.default_rng(n).integers(0, 1 << 32, part.shape, dtype=np.uint32)
        case "scroll":
            part[:] = LONG[n * 4 : n * 4 + part.shape[0], : part.shape[1]]
        case "photo" | "film":
            part[:] = PHOTO[n : n + part.shape[0], n : n + part.shape[1]]
        case "move":
            seen[:] = np.roll(seen, (n % 40, -(n // 3)), (0, 1))
    return seen


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([(230, 170), (256, 160), (225, 193)]),
    st.sampled_from([Tune(), Tune(), Tune(lossless=True), Tune(Colours.C256), Tune(Colours.GREYS)]),
    st.lists(
        st.tuples(
            edits(),
            st.sampled_from([FPS, 0.2, 0.5]),
            st.sampled_from([0, 5, MAX_TILES]),
            st.sampled_from([None, None, 0, 700, 4000]),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_whatever_happens_the_viewer_ends_with_what_the_screen_shows(
    size: tuple[int, int],
    tune: Tune,
    happens: list[tuple[tuple[str, int, int, int, int, int], float, int, int | None]],
    told: bool,
) -> None:
    width, height = size
    show, seen = Show(width, height, tune=tune, told=told), page(height, width)
    show.update(seen)
    for (kind, *where, n), after, refine, allowance in happens:
        for step in range(18 if kind == "film" else 1):
            seen = edited(seen, (kind, *where, (n + 17 * step) % 120))
            show.update(seen, FPS if kind == "film" else after, refine, allowance)
            due = show.encoder.due(show.now)
            if not show.picture.lossy and due is None:
                assert show.shows(seen)
    show.rest(seen)
    assert show.shows(seen)


@pytest.mark.parametrize(("after", "refine"), [(FPS, 7), (2 * quality.REST, 7), (2 * quality.REST, 1000)])
def test_tiles_that_are_lossy_cover_all_that_is_not_exact(after: float, refine: int) -> None:
    """At each moment: a tile that the encoder takes for exact is exact, even if it changes just when it is refined."""
    show, tall = Show(640, 480), np.where(np.arange(640) < 300, photograph(1500, 640, 3), page(1500, 640))
    for n, y in enumerate((0, 31, 64, 100, 96, 300, 333)):
        seen = tall[y : y + 480].copy()
        seen[:200, 350:600] = photograph(200, 250, seed=n)
        show.update(seen, after, refine * n)
        wrong = (show.picture.pixels != rgb(seen)).any(axis=2)
        tiles = wrong.reshape(480 // SIDE, SIDE, 640 // SIDE, SIDE).any(axis=(1, 3))
        assert not (tiles & ~show.encoder._lossy).any()


def test_what_is_lossy_is_exact_when_it_was_said_to_be_due() -> None:
    show, seen = Show(640, 480), page(480, 640)
    show.update(seen)
    assert show.encoder.due(show.now) is None
    seen[:320, :320] = photograph(320, 320)
    show.update(seen)
    assert show.picture.lossy
    due = show.encoder.due(show.now)
    assert due == pytest.approx(show.now + quality.REST)
    assert show.update(seen, after=due - show.now - 0.01) == []
    show.update(seen, after=0.011)
    assert show.shows(seen)
    assert show.encoder.due(show.now) is None


def test_a_film_that_stops_is_due_as_a_photograph_is_and_not_before() -> None:
    show, seen = Show(640, 480), page(480, 640)
    for n in range(40):
        seen[64:384, 64:448] = photograph(320, 384, seed=n)
        frames = show.update(seen)
        assert show.encoder.due(show.now) is None or show.encoder.due(show.now) > show.now
    assert any(frame.films for frame in frames)
    due = show.encoder.due(show.now)
    assert due == pytest.approx(show.now + quality.REST)
    show.update(seen, after=due - show.now + 0.001)
    assert show.shows(seen)


def test_a_film_that_is_told_of_is_looked_at_now_and_then_and_exact_when_it_stops() -> None:
    show, seen = Show(640, 480, told=True), page(480, 640)
    for n in range(60):
        seen[64:384, 64:448] = photograph(320, 384, seed=n)
        frames = show.update(seen)
        assert not frames or frames[-1].seq == show.encoder.seq
    assert any(frame.films for frame in frames)
    likeness = np.abs(show.picture.pixels.astype(int) - rgb(seen))[64:384, 64:448].mean()
    assert likeness < 12  # it is this picture, and none before
    ends = show.now + 2 * quality.REST
    while (due := show.encoder.due(show.now)) is not None:
        assert due < ends
        show.update(seen, after=due - show.now + 0.001)
    assert show.shows(seen)


def test_a_letter_over_a_film_that_is_told_of_is_exact_while_it_plays() -> None:
    show, seen = Show(640, 480, told=True), page(480, 640)
    for n in range(60):
        seen[64:384, 64:448] = photograph(320, 384, seed=n)
        seen[160:192, 160:192] = 0xFFFFFF
        if n >= 40:
            seen[170:180, 165:170] = 0
        show.update(seen)
    assert (show.picture.pixels == rgb(seen))[160:192, 160:192].all()


def test_what_rests_beside_a_film_goes_with_its_next_picture() -> None:
    show, seen = Show(960, 480), page(480, 960)
    sent = []
    for n in range(60):
        seen[64:384, 64:448] = photograph(320, 384, seed=n)
        if n == 40:
            seen[64:224, 640:800] = photograph(160, 160, seed=1)
        sent += [(n, len(show.update(seen)), show.picture.lossy)]
        due = show.encoder.due(show.now)
        assert due is None or due > show.now + FPS  # nothing to look for before it
    assert {frames for n, frames, _ in sent if n > 45} == {1}
    assert sent[-1][2] < sent[42][2]
