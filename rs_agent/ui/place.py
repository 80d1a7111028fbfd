"""Whether the display that a window was opened on is still the same: an X server that dies takes its windows with it,
and one that another program closed a window on does not."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 1.0  # seconds for an answer
SOCKETS = Path("/tmp/.X11-unix")
TCP = 6000  # and the display's number


@dataclass(frozen=True)
class Server:
    """One that answers. Another server of the same number is another one."""

    name: str
    born: tuple[int, int] = (0, 0)


def look(name: str | None = None) -> Server | None:
    """The server that $DISPLAY (or `name`) leads to now; None for none. Where windows need no X server there is always
    the same one. May take PATIENCE."""
    if not sys.platform.startswith("linux"):
        return Server("")
    shown = os.environ.get("DISPLAY", "") if name is None else name
    found = re.fullmatch(r"(?:unix)?(.*):(\d+)(?:\.\d+)?", shown)
    if found is None:
        return None
    host, number = found[1].rstrip("/"), int(found[2])
    if host:
        return Server(shown) if _answers(lambda: socket.create_connection((host, TCP + number), PATIENCE)) else None
    path = SOCKETS / f"X{number}"
    try:
        stat = path.stat()
    except OSError:
        return None
    return Server(shown, (stat.st_ino, stat.st_ctime_ns)) if _answers(lambda: _connected(path)) else None


def _answers(connect: Callable[[], socket.socket]) -> bool:
    try:
        connect().close()
    except OSError:
        return False
    return True


def _connected(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(PATIENCE)
    try:
        made.connect(str(path))
    except OSError:
        made.close()
        raise
    return made
