"""What the other end hears, as a conversation: `+` a key down, `-` up, `'…'` text, `!` everything let go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_cli.viewer.keyboard import Keyboard
from rs_relay.channels.control.messages import Key, ReleaseAll, Type

# name -> (keycode, keysym, number, text without and with Shift)
KEYS = {
    "a": (38, "a", 0x61, "a"), "A": (38, "A", 0x41, "A"), "c": (54, "c", 0x63, "c"), "at": (24, "at", 0x40, "@"),
    "T": (28, "T", 0x54, "T"), "é": (26, "eacute", 0xE9, "é"), "dead": (34, "dead_acute", 0xFE51, ""),
    "space": (65, "space", 0x20, " "), "enter": (36, "Return", 0xFF0D, "\r"), "left": (113, "Left", 0xFF51, ""),
    "tab": (23, "Tab", 0xFF09, "\t"), "back": (23, "ISO_Left_Tab", 0xFE20, ""), "f5": (71, "F5", 0xFFC2, ""),
    "shift": (50, "Shift_L", 0xFFE1, ""), "ctrl": (37, "Control_L", 0xFFE3, ""), "alt": (64, "Alt_L", 0xFFE9, ""),
    "ralt": (108, "Alt_R", 0xFFEA, ""), "altgr": (92, "ISO_Level3_Shift", 0xFE03, ""),
    "super": (133, "Super_L", 0xFFEB, ""), "caps": (66, "Caps_Lock", 0xFFE5, ""), "kp7": (79, "KP_7", 0xFFB7, "7"),
    "ime": (0, "??", 0, "日本"), "es": (54, "Cyrillic_es", 0x6D3, "с"),
}  # fmt: skip
BITS = {"shift": 0x1, "ctrl": 0x4, "alt": 0x8, "ralt": 0x8, "super": 0x40, "altgr": 0x80}


class Typist:
    def __init__(self, **options: bool) -> None:
        self.keyboard = Keyboard(**options)
        self.state = 0
        self.heard: list[str] = []

    def down(self, name: str, state: int | None = None) -> None:
        code, keysym, number, text = KEYS[name]
        held = self.state if state is None else state
        if held & 0x4 and len(text) == 1:
            text = chr(ord(text) & 0x1F)  # as X tells a character while Control is held
        self.keep(self.keyboard.press(code, keysym, number, text, held))
        self.state |= BITS.get(name, 0)

    def up(self, name: str) -> None:
        self.keep(self.keyboard.release(KEYS[name][0]))
        self.state &= ~BITS.get(name, 0)

    def settle(self) -> None:
        self.keep(self.keyboard.settle())

    def tap(self, name: str) -> None:
        self.down(name)
        self.up(name)
        self.settle()

    def keep(self, said: list) -> None:
        for message in said:
            match message:
                case Key(name, down):
                    self.heard.append(("+" if down else "-") + name)
                case Type(text):
                    self.heard.append(repr(text))
                case ReleaseAll():
                    self.heard.append("!")


def test_text_travels_as_text():
    t = Typist()
    for name in ("a", "é", "space", "kp7", "ime"):
        t.tap(name)
    assert t.heard == ["'a'", "'é'", "' '", "'7'", "'日本'"]


def test_shift_and_altgr_do_not_travel_with_text():
    t = Typist()
    t.down("shift")
    t.tap("A")
    t.up("shift")
    t.down("altgr")
    t.tap("at")
    t.up("altgr")
    assert t.heard == ["'A'", "'@'"]


def test_special_keys_go_down_and_up():
    t = Typist()
    for name in ("enter", "left", "f5", "tab"):
        t.tap(name)
    assert t.heard == [
        "+enter", "-enter", "+arrow_left", "-arrow_left", "+f5", "-f5", "+tab", "-tab",
    ]  # fmt: skip


def test_a_shortcut_is_keys():
    t = Typist()
    t.down("ctrl")
    t.tap("c")
    t.up("ctrl")
    assert t.heard == ["+control_left", "+c", "-c", "-control_left"]


def test_a_shortcut_with_shift_names_the_plain_letter():
    t = Typist()
    t.down("ctrl")
    t.down("shift")
    t.tap("T")
    t.up("shift")
    t.up("ctrl")
    assert t.heard == ["+control_left", "+shift_left", "+t", "-t", "-shift_left", "-control_left"]


def test_alt_and_super_make_shortcuts_too():
    t = Typist()
    t.down("alt")
    t.tap("space")
    t.up("alt")
    t.down("super")
    t.tap("a")
    t.up("super")
    assert t.heard == [
        "+alt_left", "+space", "-space", "-alt_left", "+super_left", "+a", "-a", "-super_left",
    ]  # fmt: skip


def test_a_letter_of_another_alphabet_in_a_shortcut():
    t = Typist()
    t.down("ctrl")
    t.tap("es")
    assert t.heard == ["+control_left", "+c", "-c"]  # by its place: Latin here


def test_shift_with_an_arrow_selects_and_leaves_text_alone():
    t = Typist()
    t.down("shift")
    t.tap("left")
    t.tap("A")
    t.tap("left")
    t.up("shift")
    assert t.heard == [
        "+shift_left", "+arrow_left", "-arrow_left",
        "-shift_left", "'A'",
        "+shift_left", "+arrow_left", "-arrow_left", "-shift_left",
    ]  # fmt: skip


def test_shift_tab_is_tab_beside_shift():
    t = Typist()
    t.down("shift")
    t.tap("back")
    t.up("shift")
    assert t.heard == ["+shift_left", "+tab", "-tab", "-shift_left"]


def test_a_modifier_alone_is_a_tap_but_shift_alone_is_nothing():
    t = Typist()
    for name in ("alt", "super", "shift", "altgr"):
        t.tap(name)
    assert t.heard == ["+alt_left", "-alt_left", "+super_left", "-super_left"]


def test_locks_stay_here():
    t = Typist()
    t.tap("caps")
    assert t.heard == []


def test_a_dead_key_says_nothing_until_it_is_composed():
    t = Typist()
    t.tap("dead")
    t.tap("é")
    assert t.heard == ["'é'"]


def test_a_repeating_key_is_down_again_and_up_once():
    t = Typist()
    t.down("left")
    for _ in range(2):
        t.up("left")  # X tells release and press in one breath
        t.down("left")
    t.up("left")
    t.settle()
    assert t.heard == ["+arrow_left"] * 3 + ["-arrow_left"]


def test_a_repeating_key_where_no_release_is_told():
    t = Typist()
    t.down("left")
    t.down("left")
    t.up("left")
    t.settle()
    assert t.heard == ["+arrow_left", "+arrow_left", "-arrow_left"]


def test_repeated_text_is_text_again():
    t = Typist()
    t.down("a")
    t.up("a")
    t.down("a")
    t.up("a")
    t.settle()
    assert t.heard == ["'a'", "'a'"]


def test_the_release_is_told_before_anything_else():
    t = Typist()
    t.down("left")
    t.up("left")
    t.down("enter")
    assert t.heard == ["+arrow_left", "-arrow_left", "+enter"]


def test_a_key_that_goes_on_after_control_was_let_go():
    t = Typist()
    t.down("ctrl")
    t.down("c")
    t.up("ctrl")
    t.up("c")
    t.down("c")
    assert t.heard == ["+control_left", "+c", "-control_left", "-c", "'c'"]


def test_leaving_lets_go_of_what_is_held():
    t = Typist()
    t.down("ctrl")
    t.down("c")
    t.keep(t.keyboard.leave())
    t.up("c")
    t.up("ctrl")
    t.settle()
    assert t.heard == ["+control_left", "+c", "!"]


def test_leaving_with_a_modifier_that_was_not_told_says_nothing():
    """Alt+Tab, which the technician's own window manager takes."""
    t = Typist()
    t.down("alt")
    t.keep(t.keyboard.leave())
    t.up("alt")
    assert t.heard == []


def test_a_modifier_pressed_elsewhere_counts():
    t = Typist()
    t.state = BITS["ctrl"]
    t.tap("c")
    t.state = 0
    t.tap("a")
    assert t.heard == ["+control_left", "+c", "-c", "-control_left", "'a'"]


def test_a_modifier_released_elsewhere_is_forgotten():
    t = Typist()
    t.down("ctrl")
    t.tap("c")
    t.state = 0
    t.tap("left")
    assert t.heard == ["+control_left", "+c", "-c", "-control_left", "+arrow_left", "-arrow_left"]


def test_buttons_bring_their_modifiers():
    t = Typist()
    t.down("ctrl")
    t.keep(t.keyboard.hold())
    t.up("ctrl")
    assert t.heard == ["+control_left", "-control_left"]


def test_altgr_of_windows():
    t = Typist(control_alt_is_alt_graph=True)
    t.keyboard.press(37, "Control_L", 0xFFE3, "", 0)
    t.keyboard.press(108, "Alt_R", 0xFFEA, "", 0x4)
    t.keep(t.keyboard.press(24, "at", 0x40, "@", 0x20004))
    assert t.heard == ["'@'"]


_steps = st.lists(st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from(["down", "up", "settle", "hold"])))


@given(_steps)
def test_whatever_happens_nothing_is_held_over_there_in_the_end(steps):
    """A key goes up only if it is down, and text never comes while a modifier is down."""
    t = Typist()
    for name, step in steps:
        if step == "hold":
            t.keep(t.keyboard.hold())
        elif step == "settle":
            t.settle()
        else:
            getattr(t, step)(name)
    t.settle()
    t.keep(t.keyboard.leave())
    down: set[str] = set()
    for said in t.heard:
        if said[0] == "+":
            down.add(said[1:])
        elif said[0] == "-":
            assert said[1:] in down
            down.discard(said[1:])
        elif said == "!":
            down.clear()
        else:
            assert not any(name.split("_")[0] in ("shift", "control", "alt", "super") for name in down)
    assert not down
