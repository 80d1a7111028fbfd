"""The keyboard of an X display, worked over XTEST: text whatever the layout, keys by name, and what is held.

Law: after every call the modifiers in force are those that somebody holds, and Caps Lock is as it was.

A character goes the first of these ways that is open:
1. a key of the layout in force, with the modifiers that its type wants there (Shift, AltGr). Of the modifiers held,
   those that would spoil it are let go for the moment, if it is we who hold them;
2. a key of our own (`spare`), which is given that one meaning first.
No synthetic events (XSendEvent): xterm and others ignore them. Not the layout's other groups: switching the group
would be seen by every program and by the customer.

Text is typed as text: a Control or Alt that is still held is let go meanwhile, and Caps Lock is unlocked meanwhile
(clients turn characters that the type did not look at into capitals themselves). A *key* (`press`) is a shortcut: what
is held stays held.

The server repeats a key that is held. Over a line that may stall that would go on for as long as the release is on its
way, so repeating is switched off for a held key: whoever holds it sends the repeats.

Owned by: any number of Hands of one desktop, each call under `lock`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from Xlib import X
from Xlib import error as xerror

from rs_agent.desktop.x11 import keysyms
from rs_agent.desktop.x11.keymap import LOCK, Keymap, Way
from rs_agent.desktop.x11.modifiers import Modifiers
from rs_agent.desktop.x11.spare import Ledger, Meaning, Spare
from rs_agent.desktop.x11.xkb import Keyboard
from rs_relay.capture.x11.connection import connect, need
from rs_relay.channels.control.keys import MODIFIERS
from rs_relay.errors import LocalProblem

AT_ONCE = 32  # characters typed under one lock: a stop is heard within a few milliseconds

# Seconds between lending a key its meaning and pressing it. A toolkit that takes the news and the key press out of its
# connection in one go may look the key up before it has worked off the news: Tk lost one such letter in forty.
SETTLE = 0.03


@dataclass(frozen=True)
class _Stroke:
    keycode: int
    mask: int = 0
    held: tuple[int, ...] = (0,)


class Typist:
    """One connection to the keyboard of display `name`. Raises LocalProblem where XTEST or XKB is missing."""

    def __init__(self, name: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.RLock()
        self.display: Any = connect(name)
        need(self.display, "XTEST", "to move the pointer and to type")
        self._clock = clock
        self._keyboard = Keyboard(self.display)
        self._spare = Spare()
        self._held: Counter[int] = Counter()
        self._repeating: set[int] = set()  # held keys whose repeating was on before
        self._ledger = Ledger(self.display)
        self._give_back(self._ledger.orphans())
        self._layout = self._read_layout()

    # The keyboard as it is now.

    def _refresh(self) -> None:
        """Hears of changed layouts. A change of our own keys only (mostly our own doing) changes nothing else."""
        stale = False
        while self.display.pending_events():
            changed = self._keyboard.changed_keys(self.display.next_event())
            stale |= changed is not None and any(code not in self._spare.lent for code in changed)
        if stale:
            self._layout = self._read_layout()

    def _read_layout(self) -> Keymap:
        whole = self._keyboard.keymap()
        lent = self._spare.lent
        self._spare.update(whole.spare(), {code: _meaning(whole, code) for code in lent})
        return whole.without(self._spare.lent)

    def _give_back(self, lent: dict[int, Meaning]) -> None:
        """Takes the meaning from those keys that still have the one we (or our like) gave them."""
        if lent:
            whole = self._keyboard.keymap()
            for code in [code for code, meaning in lent.items() if _meaning(whole, code) == meaning]:
                self.display.change_keyboard_mapping(code, [(0, 0)])

    # Text.

    def type_some(self, text: str, start: int) -> tuple[int, float]:
        """Types `text[start:]` as far as it goes at once; (index of what is left, seconds to wait before going on).

        Nothing is typed yet where keys of our own had to be given a meaning first."""
        state = self._keyboard.state()  # also brings the events that are older than it
        self._refresh()
        lifted = self._spoiling()
        base = state.modifiers & ~LOCK
        for code in lifted:
            base &= ~self._layout.modifiers[code]
        lent = self._spare.lent
        at, strokes, wait = self._plan(text, start, base, state.group)
        if self._spare.lent != lent:
            self.display.sync()
            return start, SETTLE
        with self._caps_unlocked(state.locked), self._let_go(lifted), self._modifiers(base) as modifiers:
            for stroke in strokes:
                modifiers.to(stroke.held, stroke.mask)
                self._tap(stroke.keycode)
        self.display.sync()
        return at, wait

    def _plan(self, text: str, start: int, base: int, group: int) -> tuple[int, list[_Stroke], float]:
        strokes: list[_Stroke] = []
        lent = self._spare.lent
        at, wait = start, 0.0
        try:
            while at < len(text) and len(strokes) < AT_ONCE:
                stroke = self._stroke_for(text[at], base, group) if not _second_of_pair(text, at) else None
                if isinstance(stroke, float):
                    wait = 0.0 if strokes else stroke
                    break
                at += 1
                if stroke is not None:
                    strokes.append(stroke)
        finally:
            self._lend(lent)
        return at, strokes, wait

    def _spoiling(self) -> list[int]:
        """Held keys that would make a shortcut of a character. Caps Lock and its like are no such keys: pressing them
        again would toggle them."""
        able = {code: bits & ~self._passing_bits for code, bits in self._layout.modifiers.items()}
        return [code for code in self._held if able.get(code) and self._layout.first(code) not in keysyms.LOCKS]

    def _stroke_for(self, character: str, base: int, group: int) -> _Stroke | float | None:
        """How to type `character`; None for what has no key; seconds to wait for a key of our own."""
        wanted = keysyms.keysyms(character)
        for keysym in wanted:
            for way in self._layout.ways(keysym, group):
                if self._open(way, base):
                    return _Stroke(way.keycode, way.mask, way.held)
        if not wanted:
            return None
        own = wanted[0] if character in keysyms.CONTROLS else keysyms.own(character)
        found = self._own_key((own, own))
        return found if isinstance(found, float) else _Stroke(found)

    def _open(self, way: Way, base: int) -> bool:
        """Whether the modifiers of `way` can be had: each that differs is one we may press, or one we hold."""
        if way.keycode in self._held:
            return False  # it is down already, as a shortcut of somebody's
        ours = self._held_bits
        reach = (self._passing_bits & ~base) | (self._passing_bits & base & ours)
        return any((held ^ base) & way.mask & ~reach == 0 for held in way.held)

    def _own_key(self, meaning: Meaning) -> int | float:
        """A key of our own with `meaning` (to be lent by `_lend`), or the seconds to wait for one."""
        now = self._clock()
        found = self._spare.find(meaning, now)
        if found is None:
            found = self._spare.claim(meaning, now, self._held)
        if found is not None:
            return found
        wait = self._spare.until_free(now, self._held)
        if wait is None:
            raise LocalProblem(
                "This keyboard layout lacks a character that was to be typed, and has no free key to lend to it.",
                "Put the text into the clipboard instead.",
            )
        return wait

    def _lend(self, before: dict[int, Meaning]) -> None:
        """Tells the server what has been claimed since `before`."""
        lent = self._spare.lent
        changed = {code: meaning for code, meaning in lent.items() if before.get(code) != meaning}
        if changed:
            self._ledger.write(lent)
            for code, meaning in changed.items():
                self.display.change_keyboard_mapping(code, [meaning])

    @contextmanager
    def _caps_unlocked(self, locked: int) -> Iterator[None]:
        if not locked & LOCK:
            yield
            return
        self._keyboard.lock(LOCK, 0)
        try:
            yield
        finally:
            self._keyboard.lock(LOCK, LOCK)

    @contextmanager
    def _let_go(self, keycodes: list[int]) -> Iterator[None]:
        for code in keycodes:
            self._fake(X.KeyRelease, code)
        try:
            yield
        finally:
            for code in keycodes:
                self._fake(X.KeyPress, code)

    @contextmanager
    def _modifiers(self, base: int) -> Iterator[Modifiers]:
        holding = {code: self._layout.modifiers.get(code, 0) & self._passing_bits for code in self._held}
        modifiers = Modifiers(
            base, self._layout.passing(), {code: bits for code, bits in holding.items() if bits}, self._fake
        )
        try:
            yield modifiers
        finally:
            modifiers.restore()

    @property
    def _passing_bits(self) -> int:
        return sum(self._layout.passing())

    @property
    def _held_bits(self) -> int:
        found = 0
        for code in self._held:
            found |= self._layout.modifiers.get(code, 0)
        return found

    def _tap(self, keycode: int) -> None:
        self._fake(X.KeyPress, keycode)
        self._fake(X.KeyRelease, keycode)

    def _fake(self, kind: int, keycode: int) -> None:
        self.display.xtest_fake_input(kind, keycode)

    # Keys that are held.

    def press(self, name: str) -> int:
        """Presses the key called `name` (or that types the character `name`) and leaves it down; its keycode."""
        state = self._keyboard.state()
        self._refresh()
        stroke = self._key_for(name, state.modifiers, state.group)
        with self._modifiers(state.modifiers) as modifiers:
            modifiers.to(stroke.held, stroke.mask)
            self.hold(stroke.keycode)
        self.display.sync()
        return stroke.keycode

    def _key_for(self, name: str, base: int, group: int) -> _Stroke:
        wanted = keysyms.SPECIAL.get(name) or keysyms.keysyms(name)
        ways = [way for keysym in wanted for way in self._layout.ways(keysym, group)]
        if name in MODIFIERS:
            ways = [way for way in ways if self._layout.modifiers.get(way.keycode)]
        cased = len(name) == 1 and name.lower() != name.upper()
        for way in ways:
            if (way.level == 0 and name in keysyms.SPECIAL) or (way.level <= 1 and cased):
                return _Stroke(way.keycode)  # what is held is meant: Alt+Print, Control+Shift+T
        for way in ways:
            if self._open(way, base):
                return _Stroke(way.keycode, way.mask, way.held)
        lent = self._spare.lent
        while isinstance(found := self._own_key(_key_meaning(name, wanted[0])), float):
            time.sleep(found)
        self._lend(lent)
        return _Stroke(found)

    def hold(self, keycode: int) -> None:
        """Presses `keycode`, or once more if it is down already (a repeat)."""
        if not self._held[keycode] and self._repeats(keycode):
            self._repeating.add(keycode)
            self.display.change_keyboard_control(key=keycode, auto_repeat_mode=X.AutoRepeatModeOff)
        self._held[keycode] += 1
        if self._held[keycode] == 1:
            self._fake(X.KeyPress, keycode)
        else:
            self.repeat(keycode)

    def repeat(self, keycode: int) -> None:
        """A key that is held says itself again, as the server's own repeating would; a modifier does not."""
        if not self._layout.modifiers.get(keycode):
            self._fake(X.KeyRelease, keycode)
            self._fake(X.KeyPress, keycode)

    def let_go(self, keycode: int) -> None:
        """Ends one `hold`; the key goes up with the last."""
        self._held[keycode] -= 1
        if self._held[keycode] > 0:
            return
        del self._held[keycode]
        self._fake(X.KeyRelease, keycode)
        if keycode in self._repeating:
            self._repeating.discard(keycode)
            self.display.change_keyboard_control(key=keycode, auto_repeat_mode=X.AutoRepeatModeOn)

    def _repeats(self, keycode: int) -> bool:
        each = self.display.get_keyboard_control().auto_repeats
        return bool(each[keycode // 8] >> (keycode % 8) & 1)

    def close(self) -> None:
        """Gives back what was lent and ends the connection. Nothing is held any more by then."""
        try:
            self._give_back(self._spare.lent)
            self._ledger.clear()
            self.display.sync()
            self.display.close()
        except (xerror.ConnectionClosedError, OSError):
            return  # the display went first, and the keyboard with it


def _second_of_pair(text: str, at: int) -> bool:
    """The line feed of CR LF: one Return, not two."""
    return text[at] == "\n" and at > 0 and text[at - 1] == "\r"


def _key_meaning(name: str, keysym: int) -> Meaning:
    """A key of our own that stands for a shortcut has both cases, as a key of a layout would."""
    if len(name) != 1:
        return keysym, keysym
    lower, upper = name.lower(), name.upper()
    return keysyms.own(lower if len(lower) == 1 else name), keysyms.own(upper if len(upper) == 1 else name)


def _meaning(whole: Keymap, code: int) -> Meaning:
    """What `code` means without and with Shift, as it was lent."""
    key = whole.keys.get(code)
    first = key.symbols[0] if key is not None else ()
    plain = first[0] if first else 0
    return plain, first[1] if len(first) > 1 else plain
