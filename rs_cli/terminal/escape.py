"""What a person types into a shell, and the few keys among it that are meant for rs: at the start of a line, `~`.

    ~ d   leave, the shell goes on          ~ .   end the shell           ~ ?   what can be typed
    ~ ~   a single ~                        anything else is typed as it stands

As in ssh, but for `d`. Pasted text (bracketed) is never looked into: who pastes a script means a script. Pure.
"""

from __future__ import annotations

from enum import Enum, auto

TILDE = ord("~")
LINE_ENDS = b"\r\n"
PASTE_BEGINS, PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"


class Act(Enum):
    LEAVE = auto()
    END = auto()
    HELP = auto()


class At(Enum):
    START = auto()  # of a line
    TILDE = auto()  # after a ~ there, which is held back
    WITHIN = auto()  # a line
    PASTE = auto()


ACTS = {ord("d"): Act.LEAVE, ord("."): Act.END, ord("?"): Act.HELP}


class Escape:
    def __init__(self) -> None:
        self._at = At.START
        self._tail = b""  # the last bytes, in which a paste may begin or end

    def feed(self, data: bytes) -> list[bytes | Act]:
        """What is to be typed, and what is to be done, in order."""
        found: list[bytes | Act] = []
        text = bytearray()
        for byte in data:
            self._tail = (self._tail + bytes((byte,)))[-len(PASTE_BEGINS) :]
            match self._at:
                case At.PASTE:
                    text.append(byte)
                    if self._tail == PASTE_ENDS:
                        self._at = At.WITHIN
                case At.START if byte == TILDE:
                    self._at = At.TILDE
                case At.TILDE if byte in ACTS:
                    if text:
                        found.append(bytes(text))
                        text.clear()
                    found.append(ACTS[byte])
                    self._at = At.START
                case At.TILDE if byte == TILDE:
                    text.append(TILDE)
                    self._at = At.WITHIN
                case was:
                    if was is At.TILDE:
                        text.append(TILDE)
                    text.append(byte)
                    self._at = At.START if byte in LINE_ENDS else At.WITHIN
                    if self._tail == PASTE_BEGINS:
                        self._at = At.PASTE
        return [*found, bytes(text)] if text else found
