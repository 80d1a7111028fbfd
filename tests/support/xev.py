"""What an X program hears of keys and buttons: xev, read line by line. A real Xlib client, so its view is independent
of what rs thinks a key means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support.xdesktop import XDesktop, need_x, until

_EVENT = re.compile(
    r"^(?P<kind>KeyPress|KeyRelease|ButtonPress|ButtonRelease) event,.*\n"
    r".*\n"
    r"\s+state (?P<state>0x[0-9a-f]+), (?:keycode (?P<keycode>\d+) \(keysym (?P<keysym>0x[0-9a-f]+), (?P<name>[^)]*)\)"
    r"|button (?P<button>\d+)),",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Heard:
    kind: str  # KeyPress, KeyRelease, ButtonPress, ButtonRelease
    state: int  # the modifiers and buttons that were down before
    keycode: int = 0
    keysym: int = 0
    name: str = ""
    button: int = 0


class Xev:
    """An xev window that has the keyboard and the pointer of `x`."""

    def __init__(self, x: XDesktop, geometry: str = "300x300+0+0") -> None:
        need_x("xev", "stdbuf")
        self._log = x.folder / "xev.log"
        self._skip = len(self._text())
        events = ("-event", "keyboard", "-event", "button", "-event", "mouse")
        x.spawn("stdbuf", "-oL", "xev", "-geometry", geometry, *events, name="xev")
        x.focus(x.wait_for_window("Event Tester"))
        x.run("xdotool", "mousemove", "150", "150", check=True)

    def _text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def heard(self) -> list[Heard]:
        """All so far."""
        return [
            Heard(
                one["kind"], int(one["state"], 16), int(one["keycode"] or 0), int(one["keysym"] or "0", 16),
                one["name"] or "", int(one["button"] or 0),
            )
            for one in _EVENT.finditer(self._text(), self._skip)
        ]  # fmt: skip

    def take(self, count: int) -> list[Heard]:
        """The next `count`, when they have come; they are not heard again."""
        until(lambda: len(self.heard()) >= count, f"{count} events, only {self.heard()} came")
        taken = self.heard()
        self._skip = len(self._text())
        return taken
