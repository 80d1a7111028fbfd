"""What the frozen agent holds. All of our own modules go in, found as they lie: what is imported by a name in a table
(`rs_agent.features`, `rs_agent.commands`, a window's process) is there because everything is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from rs_relay.download import sources

RELAY = "relay.txt"  # in a program of one file: whose customers it is for
# They import their own parts by names that are made when they run.
WHOLE = ("Xlib", "mss", "pynput", "websockets")
# What would be taken along and no line of the agent's uses: another end's faces, what only developers run, codecs of
# Pillow's that no clipboard hands over, films (the `video` extra: an agent without it sends JPEG).
LEFT_OUT = (
    "rs_cli", "rs_relay.server", "rs_relay.download", "textual", "typer", "click", "rich", "pydantic", "sqlalchemy",
    "pytest", "_pytest", "hypothesis", "mypy", "setuptools", "pkg_resources", "pip", "wheel", "av", "unittest",
    "doctest", "pdb", "pydoc", "lib2to3", "test", "curses", "readline", "sqlite3", "dbm", "xmlrpc", "turtle",
    "idlelib", "ensurepip", "venv", "distutils", "numpy.f2py", "numpy.testing", "numpy.distutils", "numpy._pyinstaller",
    "numpy.tests", "PIL._avif", "PIL._imagingcms", "PIL._imagingft", "PIL._imagingmath", "PIL._imagingmorph",
    "PIL.ImageQt", "PIL.ImageShow", "cffi.setuptools_ext", "websockets.legacy", "websockets.sync", "websockets.trio",
)  # fmt: skip
# Data of Tcl's and Tk's that a window of ours does not read.
_UNREAD = re.compile(r"_tcl_data/(tzdata|encoding/(?!utf|ascii|iso8859-1\b|cp1252))|_tk_data/(demos|images)|tcl8/")
_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)")


def modules(target: str) -> list[str]:
    """Every module that the agent may import, by its full name, on a computer called `target` ('linux-x86_64-3.11')."""
    ours = {_name(path) for path in sources.own_paths() if path.suffix == ".py"}
    return sorted(ours | {module for module in sources.APART if sources.wanted(module, target)} | set(sources.WITHIN))


def texts() -> list[tuple[str, str]]:
    """(a catalogue's path, the folder it is to lie in) of each of the translations."""
    paths = [path for path in sources.own_paths() if path.suffix == ".mo"]
    return [(str(sources.ROOT / path), path.parent.as_posix()) for path in paths]


def is_used(module: str) -> bool:
    return not any(module == out or module.startswith(f"{out}.") for out in LEFT_OUT)


def is_read(place: str) -> bool:
    """Whether data that would lie at `place` is of use."""
    return not _UNREAD.search(place.replace("\\", "/"))


def needs_glibc(binaries: Iterable[bytes]) -> tuple[int, int]:
    """The oldest glibc that these ELF files are content with: the newest version that any of them names. (0, 0): none.

    The names of versions (`.gnu.version_r`) stand in an ELF file's string table, ended by zeros."""
    found = {(int(m[1]), int(m[2])) for data in binaries if data[:4] == b"\x7fELF" for m in _GLIBC.finditer(data)}
    return max(found, default=(0, 0))


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
