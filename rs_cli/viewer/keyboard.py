"""From the technician's key events to what the customer's computer is told. A state machine, pure.

Laws
  1. A character that was typed travels as the character (`Type`), whatever the two layouts are: AltGr, dead keys,
     Compose and input methods have done their work before it gets here. With Control, Alt or Super held it is a
     shortcut and travels as key down and key up.
  2. A modifier travels when something is done with it. It is pressed at the other end just before the key, button or
     notch that needs it, and let go of before text, so text never arrives in the shade of a modifier. A modifier that
     went down and up alone (Alt for the menu, Super for the launcher) is sent as that tap.
  3. What is held is let go of when the keyboard goes elsewhere: `leave`.
  4. X reports a repeating key as release and press in one breath. A release therefore waits (`settle`, some
     milliseconds) and is forgotten when the same key comes again at once: the other end hears down, down, down, up.
  5. A shortcut is named by what its key types here: Ctrl+Z is where this keyboard has its Z. A key of another alphabet
     is named by its place: Ctrl+С on a Russian keyboard is Ctrl+C, as it is for every program that runs here.

Decided against: passing each modifier at once. Then "é" from AltGr+e arrives while AltGr is held over there, and every
typist has to work around it; and Alt+Tab, taken by the technician's own window manager, leaves Alt behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rs_cli.viewer import keymap
from rs_relay.channels.control.messages import Key, ReleaseAll, Type

Said = Key | Type | ReleaseAll
# With one of these a character is a shortcut, and a tap of one alone means something.
_COMMANDING = ("control_left", "control_right", "alt_left", "alt_right", "super_left", "super_right")


@dataclass
class Keyboard:
    """`press` and `release` are given what Tk tells of a key; each answers with what to say now."""

    control_alt_is_alt_graph: bool = False  # Windows tells AltGr as left Control and right Alt
    places: Mapping[int, str] = field(
        default_factory=lambda: keymap.X11_PLACES
    )  # keycode -> what a US keyboard has there
    _keys: dict[int, str] = field(default_factory=dict)  # keycode -> the name that is down over there
    _waiting: dict[int, str] = field(default_factory=dict)  # released, and about to be told
    _modifiers: dict[int, str] = field(default_factory=dict)  # keycode -> modifier held here
    _unseen: set[str] = field(default_factory=set)  # held here, but pressed while the keyboard was elsewhere
    _told: list[str] = field(default_factory=list)  # modifiers that are down over there, in order
    _alone: int | None = None  # keycode of a modifier that went down last, with nothing after it

    def press(self, code: int, keysym: str, number: int, text: str, state: int) -> list[Said]:
        """A key went down: its X keycode, keysym's name and number, the text it makes, and the modifiers before it."""
        name = keymap.special(keysym)
        if name in keymap.LOCAL:
            return []
        if name in keymap.MODIFIERS:
            return self._press_modifier(code, name)
        before = self._waiting.pop(code, None) or self._keys.pop(code, None)  # it repeats; Windows tells no release
        said = self.settle()
        self._alone = None
        self._look(state)
        typed = text if text.isprintable() and not self._commanding(text) else ""
        known = "" if typed else name or self._character(code, number, text)
        if before and before != known:
            said.append(Key(before, False))
        if typed:
            return said + self._let_go() + [Type(typed)]
        if not known:
            return said
        self._keys[code] = known
        return said + self.hold() + [Key(known, True)]

    def release(self, code: int) -> list[Said]:
        """A key went up. A plain key's release is told by `settle`, or at the next event."""
        if code in self._modifiers:
            return self._release_modifier(code)
        name = self._keys.pop(code, None)
        if name is not None:
            self._waiting[code] = name
        return []

    @property
    def unsettled(self) -> bool:
        return bool(self._waiting)

    @property
    def shift(self) -> bool:
        """Whether Shift is held here."""
        return any(name in ("shift_left", "shift_right") for name in self._held())

    def settle(self) -> list[Said]:
        """No key came right after the last release: it was one."""
        said: list[Said] = [Key(name, False) for name in self._waiting.values()]
        self._waiting.clear()
        return said

    def hold(self) -> list[Said]:
        """Brings the modifiers held here down over there: before a button, a notch or a key."""
        said = self.settle()
        self._alone = None
        wanted = self._held()
        said += [Key(name, False) for name in reversed(self._told) if name not in wanted]
        said += [Key(name, True) for name in wanted if name not in self._told]
        self._told = wanted
        return said

    def leave(self) -> list[Said]:
        """The keyboard goes elsewhere."""
        held = bool(self._keys or self._waiting or self._told)
        self._keys.clear()
        self._waiting.clear()
        self._modifiers.clear()
        self._unseen.clear()
        self._told = []
        self._alone = None
        return [ReleaseAll()] if held else []

    def _press_modifier(self, code: int, name: str) -> list[Said]:
        said = self.settle()
        if code not in self._modifiers:
            self._modifiers[code] = name
            self._unseen.discard(name)
            self._alone = code
        return said

    def _release_modifier(self, code: int) -> list[Said]:
        said = self.settle()
        name = self._modifiers[code]
        if self._alone == code and name in _COMMANDING and name not in self._told:
            said += self.hold()
        self._alone = None
        del self._modifiers[code]
        if name in self._told and name not in self._held():
            self._told.remove(name)
            said.append(Key(name, False))
        return said

    def _held(self) -> list[str]:
        return list(dict.fromkeys([*self._modifiers.values(), *sorted(self._unseen)]))

    def _look(self, state: int) -> None:
        """Modifiers as Tk sees them before this key: finds those whose press or release went elsewhere."""
        for bits, names in keymap.HELD:
            if not state & bits:
                self._unseen.difference_update(names)
                for code in [c for c, name in self._modifiers.items() if name in names]:
                    del self._modifiers[code]
            elif not any(name in self._held() for name in names):
                self._unseen.add(names[0])

    def _commanding(self, text: str) -> bool:
        """Whether a character now is a shortcut."""
        held = [name for name in self._held() if name in _COMMANDING]
        if self.control_alt_is_alt_graph and sorted(held) == ["alt_right", "control_left"]:
            return text.isascii() and text.isalnum()
        return bool(held)

    def _character(self, code: int, number: int, text: str) -> str:
        """A key of a shortcut by what it types without Shift: Shift travels beside it."""
        found = keymap.character(number)
        if not found and len(text) == 1 and text.isprintable():
            found = text
        if not keymap.latin(found):
            found = self.places.get(code, found)
        lower = found.lower()
        return "space" if found == " " else lower if len(lower) == 1 else found

    def _let_go(self) -> list[Said]:
        said: list[Said] = [Key(name, False) for name in reversed(self._told)]
        self._told = []
        return said
