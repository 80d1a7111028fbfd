"""Differences: whatever was done to a file, what is copied and what is sent make it again, and little is sent."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.errors import PeerBroke
from rs_relay.transfer import delta

KiB = 1024
MiB = 1024 * KiB


@dataclass
class Made:
    data: bytes
    sent: int  # bytes both ways


def make(base: bytes, new: bytes, *, at: int = 0, piece: int = 250 * KiB) -> Made:
    """`new` as an end that holds `base` makes it, having the first `at` bytes."""
    differ = delta.Differ(len(base), len(new), at)
    made, sent = bytearray(new[:at]), 0
    while not differ.hopeless and len(made) < len(new):
        if differ.compare(lambda offset, count: new[offset : offset + count]):
            taken = differ.take(piece)
            sent += len(taken.data) + 5 * len(taken.ops) + 60
            data = memoryview(taken.data)
            content = b"".join(taken.content)
            before = len(made)
            for literal, source, size in zip(*[iter(taken.ops)] * 3, strict=True):
                made += data[:literal]
                data = data[literal:]
                assert source + size <= len(base)
                made += base[source : source + size]
            assert not data
            assert len(taken.data) <= piece
            assert made[before:] == content
            assert len(content) == taken.size
            continue
        question = differ.question()
        assert question or differ.hopeless
        while question:
            answer = delta.blocks(
                lambda count, offset: base[offset : offset + count], question.offset, question.size, question.weak
            )
            sent += sum(map(len, answer)) + 120
            differ.heard(question.offset, *answer)
            question = differ.question()
    sent += len(new) - len(made)  # the rest goes in pieces
    return Made(bytes(made) + new[len(made) :], sent)


def content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "WINDOW", MiB)


BASE = content(5 * MiB + 777)


def test_nothing_changed() -> None:
    made = make(BASE, BASE)
    assert made.data == BASE
    assert made.sent < len(BASE) / 200


def test_a_hundredth_changed_here_and_there() -> None:
    at = random.Random(2)
    new = bytearray(BASE)
    for _ in range(len(BASE) // 100 // KiB):
        start = at.randrange(len(BASE) - KiB)
        new[start : start + KiB] = at.randbytes(KiB)
    made = make(BASE, bytes(new))
    assert made.data == new
    assert made.sent < len(BASE) / 20


@pytest.mark.parametrize(
    "new",
    [
        BASE[:100] + b"some bytes more" + BASE[100:],
        b"x" + BASE,
        BASE[1:],
        BASE[: 2 * MiB] + BASE[2 * MiB + 100_001 :],
        BASE[:MiB] + content(300_001, 9) + BASE[MiB:],
        BASE + content(1000, 3),
        BASE[: 3 * MiB + 5],
        BASE[:MiB] + bytes(200 * KiB) + BASE[MiB + 200 * KiB :],
    ],
    ids=["in", "first", "out", "out more", "in more", "longer", "shorter", "blanked"],
)
def test_bytes_put_in_and_taken_out(new: bytes) -> None:
    made = make(BASE, new)
    assert made.data == new
    assert made.sent < 0.15 * len(new)


def test_what_moved_far_is_found_where_it_is_near_enough() -> None:
    new = BASE[3 * MiB :] + BASE[: 3 * MiB]
    made = make(BASE, new)
    assert made.data == new
    assert made.sent < 0.7 * len(new)


def test_many_insertions() -> None:
    parts = [BASE[at : at + 100_003] for at in range(0, len(BASE), 100_003)]
    made = make(BASE, b"line\n".join(parts))
    assert made.data == b"line\n".join(parts)
    assert made.sent < 0.35 * len(BASE)


def test_another_file_altogether_costs_little_more_than_itself() -> None:
    new = content(40 * MiB, 5)
    made = make(BASE, new)
    assert made.data == new
    assert made.sent < 1.03 * len(new)


def test_content_that_repeats_itself() -> None:
    base = (b"a" * 3000 + b"b" * 3000) * 300
    new = (b"b" * 2999 + b"a" * 3000) * 310
    assert make(base, new).data == new
    assert make(bytes(3 * MiB), bytes(2 * MiB + 5)).sent < 40 * KiB


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400_000), st.integers(0, 40_000), st.integers(0, 40_000), st.booleans()), max_size=6
    ),
    st.integers(0, 400_000),
    st.integers(1, 100_000),
)
def test_whatever_was_done_to_it(edits: list[tuple[int, int, int, bool]], at: int, piece: int) -> None:
    base = BASE[:400_000]
    new = bytearray(base)
    for start, out, more, blank in edits:
        new[start : start + out] = bytes(more) if blank else content(more, start)
    made = make(base, bytes(new), at=min(at, len(new)), piece=piece)
    assert made.data == new


def test_the_rolling_sum_is_the_sum_of_the_block() -> None:
    everywhere = delta._sums_everywhere(memoryview(BASE[: 20 * KiB]))
    for at in (0, 1, 2047, 5000, 18 * KiB):
        block = delta._sums(memoryview(BASE[at : at + delta.BLOCK]))
        assert int.from_bytes(block, "little") == everywhere[at]


@pytest.mark.parametrize("lie", [(0, b"", b""), (5, b"x" * 4096, b""), (MiB, b"x" * 4096, b""), (0, b"x" * 4095, b"")])
def test_an_answer_to_another_question(lie: tuple[int, bytes, bytes]) -> None:
    differ = delta.Differ(MiB, MiB, 0)
    differ.compare(lambda offset, count: BASE[offset : offset + count])
    assert differ.question()
    with pytest.raises(PeerBroke):
        differ.heard(*lie)


def test_windows_far_away_are_forgotten() -> None:
    differ = delta.Differ(len(BASE), len(BASE), 0)
    held = 0
    while differ.at < len(BASE) or differ._runs:
        if differ.compare(lambda offset, count: BASE[offset : offset + count]):
            differ.take(250 * KiB)
        while question := differ.question():
            answer = delta.blocks(lambda n, at: BASE[at : at + n], question.offset, question.size, question.weak)
            differ.heard(question.offset, *answer)
        held = max(held, len(differ._windows))
    assert held <= 2 * delta.REACH + 2
