"""The screen bench's counting of frames."""

from __future__ import annotations

import functools
import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.screen.sampler import Changes, Sampler
from tests.support.xdesktop import XDesktop, until


def test_the_first_look_is_where_it_begins() -> None:
    changes = Changes()
    changes.look(b"a", 1.0)
    assert (changes.frames, changes.last) == (0, 0.0)


def test_what_stays_is_no_frame() -> None:
    changes = Changes()
    for now, content in enumerate([b"a", b"a", b"b", b"b", b"a", b"a"]):
        changes.look(content, float(now))
    assert (changes.frames, changes.last) == (2, 4.0)


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1))
def test_as_many_frames_as_neighbours_that_differ(contents: list[bytes]) -> None:
    changes = Changes()
    for now, content in enumerate(contents):
        changes.look(content, float(now))
    assert changes.frames == sum(a != b for a, b in itertools.pairwise(contents))


def seen_by(sampler: Sampler, frames: int) -> bool:
    return sampler.frames == frames


def test_a_display_that_changes_is_seen() -> None:
    with XDesktop((200, 100)) as x:
        x.run("xsetroot", "-solid", "black", check=True)
        sampler = Sampler(x.display, (10, 10, 40, 40))
        begun = time.perf_counter()
        for shown in range(1, 4):
            x.run("xsetroot", "-solid", ("red", "green", "blue")[shown - 1], check=True)
            until(functools.partial(seen_by, sampler, shown), "the sampler to look")
        seen = sampler.stop()
    assert seen.frames == 3
    assert begun < seen.last <= time.perf_counter()
