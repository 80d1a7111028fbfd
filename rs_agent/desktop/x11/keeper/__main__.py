"""`python -m rs_agent.desktop.x11.keeper FOLDER PURPOSE`: the keeper's process, see the package."""

from __future__ import annotations

import os
import secrets
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from Xlib import error as xerror

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeper import BUSY, lines
from rs_agent.desktop.x11.keeper.devices import Held, WayOut
from rs_agent.desktop.x11.keeper.gamma import Darkness
from rs_agent.desktop.x11.keeper.keeper import Keeper, Means
from rs_agent.desktop.x11.keeper.record import Record
from rs_agent.desktop.x11.keeper.root import RootPicture
from rs_agent.desktop.x11.keeper.tools import Settings
from rs_relay.capture.x11.connection import connect

SILENT = 5.0  # seconds without a word from the agent, which speaks every second: it hangs
PATIENCE = 3.0  # seconds for another keeper of this purpose to end
TURN = 0.5  # seconds between two looks at what holds
_GONE = (xerror.ConnectionClosedError, BrokenPipeError, ConnectionResetError)


def main(folder: Path, purpose: str) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    name = os.environ.get("DISPLAY", "")
    record = _record(folder, name, purpose)
    display = connect()
    keeper = Keeper(_means(display, name), record, _run_of(display))
    keeper.mend()
    try:
        _Loop(display, keeper).run()
    finally:
        with suppress(*_GONE):
            keeper.want(frozenset())
        record.close()


def _record(folder: Path, name: str, purpose: str) -> Record:
    """Waits a moment for a keeper that is about to end. Exits where one goes on, which will put its own things back."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return Record(folder, name, purpose)
        except BlockingIOError:
            if time.monotonic() > end:
                sys.exit(BUSY)
            time.sleep(0.05)


class _Loop:
    def __init__(self, display: Any, keeper: Keeper) -> None:
        self._display, self._keeper = display, keeper
        self._way_out = WayOut(display)
        self._listening = False
        self._waiting = b""
        self._wanted: frozenset[Change] = frozenset()
        self._told: lines.Told | None = None

    def run(self) -> None:
        """Until the agent's end of the pipe is gone."""
        heard = time.monotonic()
        while True:
            ready, _, _ = select.select([0, self._display.fileno()], [], [], TURN)
            if 0 in ready:
                if not self._read():
                    return
                heard = time.monotonic()
            if self._way_out_used():
                self._keeper.end()
            self._keeper.want(self._wanted if time.monotonic() - heard < SILENT else frozenset())
            self._listen()
            self._tell()

    def _read(self) -> bool:
        data = os.read(0, lines.MOST)
        *whole, self._waiting = (self._waiting + data).split(b"\n")
        for line in whole:
            self._wanted = frozenset(lines.want(line).changes)
        return bool(data) and len(self._waiting) < lines.MOST

    def _way_out_used(self) -> bool:
        used = False
        while self._display.pending_events():
            used |= self._way_out.heard(self._display.next_event())
        return used and self._keeper.private

    def _listen(self) -> None:
        if self._listening != self._keeper.private:
            self._listening = self._keeper.private
            self._way_out.listen(self._listening)

    def _tell(self) -> None:
        told = self._keeper.told()
        if told != self._told:
            self._told = told
            with suppress(BrokenPipeError):  # the agent is gone: stdin says so, too
                os.write(1, lines.pack(told))


def _means(display: Any, name: str) -> dict[Change, dict[str, Means]]:
    return {
        Change.WALLPAPER: {"root": RootPicture(display, name), "wallpaper": Settings(Change.WALLPAPER)},
        Change.EFFECTS: {"effects": Settings(Change.EFFECTS)},
        Change.BLANK: {"gamma": Darkness(display)},
        Change.BLOCK: {"devices": Held(display)},
    }


def _run_of(display: Any) -> str:
    """A word on the root window, which is there for as long as this run of the X server."""
    root, atom, utf8 = display.screen().root, display.intern_atom("_RS_KEPT"), display.intern_atom("UTF8_STRING")
    value = root.get_full_property(atom, utf8)
    if value is None:
        root.change_property(atom, utf8, 8, secrets.token_hex(16).encode())
        display.sync()
        value = root.get_full_property(atom, utf8)
    return bytes(value.value).decode("ascii", "replace")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
