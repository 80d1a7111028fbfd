"""What a terminal has shown: the last of it, by offset, and what somebody who looks in now must be shown first.

Pure. No terminal is emulated (the quickest we know does 0.3 MB/s): the last bytes are kept as they are, and of the
many things a terminal can be told only the few modes are followed that must be set again. A full-screen program draws
all of it again when its window changes; a shell's lines are shown again from the bytes.
"""

from __future__ import annotations

import re

KEEP = 256 * 1024  # bytes: some thousand lines
TAIL = 64  # bytes that a control sequence may be cut in two at

# DECSET and DECRST: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
MODE = re.compile(rb"\x1b\[\?([0-9;]{1,32})([hl])")
ALTERNATE = frozenset({47, 1047, 1049})
# What a program sets and then relies on: keys, cursor, mouse, focus, paste.
FOLLOWED = (1, 25, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004)
ON_AT_FIRST = frozenset({25})
# Questions, which a terminal would answer once more: its name, its state, the cursor's place, its colours, a title.
QUESTION = re.compile(
    rb"\x1b\[[0-9;?>=]*[cn]|\x1b\[[0-9;?>=]*\$p|\x1b\[>[0-9]*q|\x1b\[(?:1[4-9]|2[01])(?:;[0-9]*)*t|\x1b\[x"
    rb"|\x1b\][0-9;]*;\?(?:\x07|\x1b\\)|\x1bP[+$]q[^\x1b]*\x1b\\|\x05"
)


class Scrollback:
    """`end` counts all bytes ever shown; those from `start` on are kept."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._kept = bytearray()
        self.end = 0
        self._modes: dict[int, bool] = {}
        self._alternate = False
        self._left_at = 0  # where the alternate screen was left for the last time
        self._cut = b""  # the end of what came, in case a sequence goes on in what comes

    @property
    def start(self) -> int:
        return self.end - len(self._kept)

    @property
    def alternate(self) -> bool:
        """A full-screen program draws now."""
        return self._alternate

    def add(self, data: bytes) -> None:
        joined = self._cut + data
        self.end += len(data)
        for match in MODE.finditer(joined):
            self._follow(match, self.end - len(joined) + match.end())
        last = joined.rfind(b"\x1b", max(0, len(joined) - TAIL))
        self._cut = joined[last:] if last >= 0 and not MODE.match(joined, last) else b""
        self._kept += data
        if len(self._kept) > 2 * self._keep:
            del self._kept[: -self._keep]

    def since(self, offset: int, limit: int) -> bytes:
        """Up to `limit` bytes from `offset` on. `offset` is not below `start`."""
        at = offset - self.start
        return bytes(self._kept[at : at + limit])

    def first_look(self) -> bytes:
        """What brings a fresh terminal to where this one is. While a program has the whole screen: its modes alone, it
        must draw by itself."""
        if self._alternate:
            return b"\x1b[?1049h\x1b[2J\x1b[H" + self._set_modes()
        start = max(self.start, self.end - self._keep)
        if self._left_at > start and not self._whole(start):
            start = self._left_at
        text = self.since(start, self._keep)
        if start > 0 and start != self._left_at:  # not from the middle of a line, of a sequence, of a letter
            text = text[text.find(b"\n") + 1 :]
        return b"\x1b[0m" + QUESTION.sub(b"", text) + self._set_modes()

    def _follow(self, match: re.Match[bytes], at: int) -> None:
        on = match.group(2) == b"h"
        for mode in (int(number) for number in match.group(1).split(b";") if number):
            if mode in ALTERNATE:
                if self._alternate and not on:
                    self._left_at = at
                self._alternate = on
            elif mode in FOLLOWED:
                self._modes[mode] = on

    def _whole(self, start: int) -> bool:
        """Whether what is kept from `start` on does not begin inside a full-screen program's drawing."""
        for match in MODE.finditer(self.since(start, self._keep)):
            modes = {int(number) for number in match.group(1).split(b";") if number}
            if modes & ALTERNATE:
                return match.group(2) == b"h"
        return True

    def _set_modes(self) -> bytes:
        return b"".join(
            b"\x1b[?%d%s" % (mode, b"h" if on else b"l")
            for mode, on in sorted(self._modes.items())
            if on != (mode in ON_AT_FIRST)
        )
