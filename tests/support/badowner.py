"""Owners of the X clipboard that do not behave. As a program: `python badowner.py KIND`; prints `ready` when it owns.

silent: never answers. dies: is gone as soon as it is asked. stalls: promises pieces (INCR) and sends one. drips: sends
one byte after the other for ever. notext: offers only a picture. refuses: refuses all, even TARGETS. old: knows STRING
only and no TARGETS. liar: UTF8_STRING that is not UTF-8, with a NUL at the end.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from Xlib import X, Xatom, display
from Xlib.protocol import event as xevent


class Owner:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.display: Any = display.Display()
        self.atom = self.display.get_atom
        self.window = self.display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self.window.set_selection_owner(self.atom("CLIPBOARD"), X.CurrentTime)
        self.display.sync()
        print("ready", flush=True)

    def run(self) -> None:
        while True:
            event = self.display.next_event()
            if event.type == X.SelectionRequest:
                self.answer(event)

    def answer(self, asked: Any) -> None:
        if self.kind == "silent":
            return
        if self.kind == "dies":
            os._exit(0)
        targets = asked.target == self.atom("TARGETS")
        done = False if targets and self.kind in ("old", "refuses") else self.put(asked, targets)
        reply = xevent.SelectionNotify(
            time=asked.time,
            requestor=asked.requestor,
            selection=asked.selection,
            target=asked.target,
            property=asked.property if done else X.NONE,
        )
        asked.requestor.send_event(reply)
        self.display.flush()
        if done and not targets and self.kind in ("stalls", "drips"):
            self.pieces(asked)

    def put(self, asked: Any, targets: bool) -> bool:
        change = asked.requestor.change_property
        if targets:
            offered = ["image/png"] if self.kind == "notext" else ["TARGETS", "UTF8_STRING", "STRING"]
            change(asked.property, Xatom.ATOM, 32, [self.atom(name) for name in offered])
        elif self.kind == "old" and asked.target == Xatom.STRING:
            change(asked.property, Xatom.STRING, 8, "grüße".encode("latin-1"))
        elif self.kind == "liar":
            change(asked.property, asked.target, 8, b"caf\xe9 \xff\0")
        elif self.kind in ("stalls", "drips"):
            asked.requestor.change_attributes(event_mask=X.PropertyChangeMask)
            change(asked.property, self.atom("INCR"), 32, [10])
        else:
            return False
        return True

    def pieces(self, asked: Any) -> None:
        while True:
            event = self.display.next_event()
            if event.type == X.PropertyNotify and event.state == X.PropertyDelete:
                asked.requestor.change_property(asked.property, asked.target, 8, b"x")
                self.display.flush()
                time.sleep(10**6 if self.kind == "stalls" else 0.2)


if __name__ == "__main__":
    Owner(sys.argv[1]).run()
