from __future__ import annotations

import random

import pyte
import pytest

from rs_agent.programs.scrollback import Scrollback


def fed(*parts: bytes, keep: int = 256 * 1024) -> Scrollback:
    back = Scrollback(keep)
    for part in parts:
        back.add(part)
    return back


def seen(data: bytes) -> list[str]:
    screen = pyte.Screen(20, 4)
    pyte.ByteStream(screen).feed(data)
    return [line.rstrip() for line in screen.display]


def test_the_last_bytes_are_kept_by_offset() -> None:
    back = fed(*[bytes([65 + n]) * 10 for n in range(26)], keep=40)
    assert back.end == 260
    assert back.start <= 220
    assert back.since(250, 100) == b"Z" * 10
    assert back.since(245, 7) == b"YYYYYZZ"
    assert len(back.first_look()) <= 40 + 20


def test_a_first_look_shows_what_the_shell_shows() -> None:
    lines = b"".join(b"line %d\r\n" % n for n in range(10)) + b"$ "
    assert seen(fed(lines).first_look()) == seen(lines)


def test_a_first_look_begins_at_a_line() -> None:
    back = fed(b"\xc3\xa9t\xc3\xa9 \x1b[31mlong\x1b[0m\r\n" * 100, keep=99)
    assert back.first_look().startswith(b"\x1b[0m\xc3\xa9t\xc3\xa9")


def test_a_full_screen_program_draws_by_itself_and_has_its_modes() -> None:
    back = fed(b"$ vi\r\n\x1b[?1049h\x1b[?1h\x1b[?25l\x1b[?1000;1006h drawing")
    assert back.alternate
    look = back.first_look()
    assert look.startswith(b"\x1b[?1049h")
    assert b"drawing" not in look
    assert all(mode in look for mode in (b"\x1b[?1h", b"\x1b[?25l", b"\x1b[?1000h", b"\x1b[?1006h"))


def test_what_a_program_that_has_gone_drew_is_not_shown_in_part() -> None:
    back = fed(b"\x1b[?1049h" + b"x" * 100 + b"\x1b[?1049l" + b"$ ls\r\na b\r\n", keep=60)
    assert not back.alternate
    assert b"x" not in back.first_look()
    assert b"a b" in back.first_look()


@pytest.mark.parametrize("seed", range(5))
def test_a_mode_is_heard_however_it_is_cut(seed: int) -> None:
    text = b"$ \x1b[?2004h vi\r\n\x1b[?1049h\x1b[?1h" + b"x" * 90 + b"\x1b[?1l\x1b[?1049l$ \x1b[?2004l\x1b[?25l"
    rng, parts = random.Random(seed), []
    while text:
        size = rng.randint(1, 9)
        parts.append(text[:size])
        text = text[size:]
    back = fed(*parts)
    assert not back.alternate
    assert back.first_look().endswith(b"\x1b[?25l")


QUESTIONS = (
    *(b"\x1b[6n", b"\x1b[c", b"\x1b[>c", b"\x1b[>0q", b"\x1b[?2026$p", b"\x1b[21t", b"\x05"),
    *(b"\x1b]11;?\x07", b"\x1b]4;1;?\x1b\\", b"\x1bP+q544e\x1b\\"),
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_is_asked_a_second_time(question: bytes) -> None:
    assert question not in fed(b"one\r\n" + question + b"two\r\n").first_look()
    assert b"two" in fed(b"one\r\n" + question + b"two\r\n").first_look()
