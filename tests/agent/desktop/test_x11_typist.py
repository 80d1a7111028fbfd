"""Text typed into real programs, compared by its effect."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rs_agent.desktop.x11.hands import X11Hands
from rs_agent.desktop.x11.keymap import LOCK
from rs_agent.desktop.x11.typist import Typist
from rs_relay.errors import LocalProblem
from tests.support import tktext
from tests.support.xdesktop import XDesktop, until
from tests.support.xkeyboard import keys_down, lock_group, mapping, paste, state

BLOCKS = {
    "ascii": (0x20, 0x7F), "latin": (0xA1, 0x180), "vietnamese": (0x1E00, 0x1EFF), "greek": (0x370, 0x400),
    "cyrillic": (0x400, 0x460), "hebrew": (0x5D0, 0x5EB), "arabic": (0x620, 0x64B), "thai": (0xE01, 0xE30),
    "signs": (0x2190, 0x2300), "kana": (0x3041, 0x3097), "chinese": (0x4E00, 0x9FA5), "hangul": (0xAC00, 0xD7A0),
    "emoji": (0x1F600, 0x1F64F),
}  # fmt: skip
AWKWARD = "ıİßẞǅŐű€¿¡ªº·…–—„“”‘’«»×÷±µÅåÆæØøÞþÐð~^`´¨'\"\\|/?"


def sample(count: int, seed: int) -> str:
    chosen = random.Random(seed)
    points = [chosen.randrange(*chosen.choice(list(BLOCKS.values()))) for _ in range(3 * count)]
    letters = [chr(point) for point in points if unicodedata.category(chr(point)) not in ("Cn", "Mn", "Cf")]
    return "".join(letters[:count])


@pytest.fixture
def hands(x: XDesktop) -> Iterator[X11Hands]:
    typist = Typist(x.display)
    made = X11Hands(typist, typist.close)
    yield made
    made.close()


@pytest.fixture
def terminal(x: XDesktop, tmp_path: Path) -> Callable[[], str]:
    """An xterm whose lines go to a file; the function waits for a whole line and returns it."""
    out = tmp_path / "typed"
    x.xterm(f"stty -echo; cat > {out}")
    until(out.exists, "the terminal's cat")
    taken = [0]

    def line() -> str:
        until(lambda: b"\n" in out.read_bytes()[taken[0] :], "a line in the terminal")
        got = out.read_bytes()[taken[0] :]
        taken[0] += len(got)
        return got.decode("utf-8")

    return line


@pytest.fixture
def field(x: XDesktop, tmp_path: Path) -> Callable[[int], str]:
    """A Tk text field; the function waits until it holds so many characters and returns them."""
    out = tmp_path / "field"
    x.spawn(sys.executable, str(Path(tktext.__file__)), str(out), name="tktext")
    x.focus(x.wait_for_window("tk text"))
    x.wait_for_window("tk text has the keyboard")

    def now() -> str:
        return out.read_text("utf-8") if out.exists() else ""

    def held(count: int) -> str:
        try:
            until(lambda: len(now()) >= count, f"{count} characters in the text field")
        except TimeoutError:
            return now()  # the comparison says more
        return now()

    return held


@pytest.mark.parametrize(("layout", "count"), [("us", 200), ("fr", 60), ("de", 60), ("us,ru", 60)])
def test_odd_characters_into_a_terminal(
    x: XDesktop, hands: X11Hands, terminal: Callable[[], str], layout: str, count: int
) -> None:
    x.run("setxkbmap", layout, check=True)
    text = sample(count, seed=count + len(layout))
    hands.text(text + "\n")
    assert terminal() == text + "\n"


@pytest.mark.parametrize(("layout", "count"), [("us", 140), ("fr", 20), ("de", 20)])
def test_odd_characters_into_a_text_field(
    x: XDesktop, hands: X11Hands, field: Callable[[int], str], layout: str, count: int
) -> None:
    x.run("setxkbmap", layout, check=True)
    text = AWKWARD + sample(count, seed=7)
    hands.text(text)
    assert field(len(text)) == text


def test_a_gtk_editor_and_its_clipboard(x: XDesktop, hands: X11Hands, tmp_path: Path) -> None:
    x.spawn("mousepad", str(tmp_path / "new.txt"), env={"HOME": str(tmp_path), "GSETTINGS_BACKEND": "memory"})
    x.focus(x.wait_for_window("new.txt"))
    text = "Grüße, мир! 你好 😀\n\tça va? " + sample(30, seed=11)
    hands.text(text)

    def copied() -> str:
        hands.key("control_left", True)
        for name in ("a", "c"):
            hands.key(name, True)
            hands.key(name, False)
        hands.key("control_left", False)
        return paste(x)

    until(lambda: len(copied()) >= len(text), "the editor to have it all")
    assert copied() == text


def test_the_layout_changes_between_two_texts(x: XDesktop, hands: X11Hands, terminal: Callable[[], str]) -> None:
    text = "aqzwAQZW1!2@;:éü€日本"
    for layout in ("us", "fr", "de", "ru", "us,gr"):
        x.run("setxkbmap", layout, check=True)
        hands.text(text + "\n")
        assert terminal() == text + "\n", layout
    x.run("setxkbmap", "us", check=True)
    x.run("xmodmap", "-e", "keycode 38 = q Q", "-e", "keycode 24 = a A", check=True)  # two keys swapped
    hands.text(text + "\n")
    assert terminal() == text + "\n"


def test_the_other_group_is_in_force(x: XDesktop, hands: X11Hands, terminal: Callable[[], str]) -> None:
    x.run("setxkbmap", "us,ru", check=True)
    lock_group(x, 1)
    hands.text("both: привет, hello\n")
    assert terminal() == "both: привет, hello\n"


def test_caps_lock_does_not_turn_text_round(x: XDesktop, hands: X11Hands, field: Callable[[int], str]) -> None:
    hands.key("caps_lock", True)
    hands.key("caps_lock", False)
    text = "Abc Éé ßİı Яя你"
    hands.text(text)
    assert field(len(text)) == text
    assert state(x).locked & LOCK  # as it was


@pytest.mark.parametrize("layout", ["us", "de"])
@pytest.mark.parametrize("held", ["shift_left", "shift_right", "control_left", "alt_left", "alt_graph", "super_left"])
def test_text_is_text_whatever_is_held(
    x: XDesktop, hands: X11Hands, field: Callable[[int], str], layout: str, held: str
) -> None:
    x.run("setxkbmap", layout, check=True)
    hands.key(held, True)
    text = "Ab1!@ é你"
    hands.text(text)
    assert field(len(text)) == text
    assert len(keys_down(x)) == 1  # still held
    hands.key(held, False)
    assert keys_down(x) == []


def test_line_ends_tabs_and_what_has_no_key(x: XDesktop, hands: X11Hands, field: Callable[[int], str]) -> None:
    hands.text("a\r\nb\rc\nd\te\x00\x1b\x7f\ufffe\ud800f_\bg")
    assert field(11) == "a\nb\nc\nd\tefg"


def test_a_character_whose_key_is_held(x: XDesktop, hands: X11Hands, field: Callable[[int], str]) -> None:
    hands.key("a", True)
    hands.text("banana")
    hands.key("a", False)
    assert field(7) == "abanana"


def test_keys_that_a_killed_borrower_left_are_given_back(x: XDesktop, terminal: Callable[[], str]) -> None:
    before = mapping(x)
    code = (
        "import os, sys; from rs_agent.desktop.x11.typist import Typist\n"
        "typist = Typist(sys.argv[1])\n"
        "typist.type_some(''.join(map(chr, range(0x4e00, 0x4e40))), 0)\n"
        "os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-c", code, x.display], env=x.env, timeout=60)
    assert died.returncode == 9
    assert mapping(x) != before
    typist = Typist(x.display)
    try:
        assert mapping(x) == before
    finally:
        typist.close()


def test_another_borrower_that_lives_keeps_its_keys(x: XDesktop) -> None:
    first = Typist(x.display)
    first.type_some("你", 0)
    lent = mapping(x)
    second = Typist(x.display)
    assert mapping(x) == lent
    second.close()
    assert mapping(x) == lent
    first.close()


def test_no_key_to_lend(x: XDesktop, hands: X11Hands, terminal: Callable[[], str]) -> None:
    argv = [f"keycode {code} = F1 F2" for code in range(9, 256) if not any(mapping(x)[code - 8])]
    x.run("xmodmap", *(word for one in argv for word in ("-e", one)), check=True)
    with pytest.raises(LocalProblem):
        hands.text("ab你")
    hands.text("plain\n")
    assert terminal().endswith("plain\n")
