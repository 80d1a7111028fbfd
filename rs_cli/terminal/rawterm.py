"""This terminal, given over to a program elsewhere: raw while that has it, and as it was afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rs_relay.channels.exec import Tty

# What a program that was cut off may have left on: the alternate screen, mouse reports, bracketed paste, application
# keys, colours, a hidden cursor. Turning off what is off does nothing.
CALM = b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[0m\x1b[?25h"


def size() -> tuple[int, int]:
    """Columns and lines, of whichever of our streams is a terminal."""
    for fd in (0, 1, 2):
        try:
            columns, lines = os.get_terminal_size(fd)
        except OSError:
            continue
        return min(max(columns, 1), 1000), min(max(lines, 1), 1000)
    return 80, 24


def described() -> Tty:
    columns, lines = size()
    return Tty(os.environ.get("TERM") or "xterm-256color", columns, lines)


@contextmanager
def raw(fd: int = 0) -> Iterator[bool]:
    """Every key as it comes, none with a meaning here; False where `fd` is no terminal."""
    if sys.platform == "win32" or not os.isatty(fd):
        yield False
        return
    import termios
    import tty

    before = termios.tcgetattr(fd)
    try:
        tty.setraw(fd)
        yield True
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
