"""`--debug`: what happened, in a file of the state directory that only its owner can read.

The log is a notation made to be pasted into a bug report. It never holds a code, a key, a token or a text of the
customer's: modules log events and sizes, and tracebacks are written without the values of variables.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rs_cli.state.private import state_dir
from rs_relay.errors import RsError

FILE = "rs.log"
BIGGEST = 1024 * 1024  # bytes; a larger log starts again


def log_file() -> Path:
    return state_dir() / FILE


@contextmanager
def to_file(wanted: bool) -> Iterator[None]:
    """Write what rs logs meanwhile to the log file, if `wanted`."""
    if not wanted:
        yield
        return
    handler = logging.StreamHandler(_open())
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s %(message)s"))
    rooms = [logging.getLogger(name) for name in ("rs", "rs_cli", "rs_relay")]
    for room in rooms:
        room.addHandler(handler)
        room.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for room in rooms:
            room.removeHandler(handler)
        handler.stream.close()


def record(error: BaseException, wanted: bool) -> str:
    """Write the error's traceback to the log if `wanted`; returns the hint that tells where or how."""
    if not wanted:
        return "Run it again with --debug: it then writes what happened to a file, without any secret."
    try:
        with _open() as file:
            file.write("".join(traceback.format_exception(error)))
    except (RsError, OSError) as e:
        return f"The log could not be written: {e}"
    return f"What happened is in {log_file()}."


def _open() -> TextIO:
    path = log_file()
    start_again = path.exists() and path.stat().st_size > BIGGEST
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if start_again else os.O_APPEND)
    return os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8")
