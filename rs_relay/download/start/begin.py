"""From `rs-agent.pyz` to a running agent: checked, fetched once, and the same every time after."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from . import release, store
from .finder import Finder, add
from .words import Stop, say

MISSING = 13  # the exit status of `rs_relay.errors.LocalProblem`


def main() -> NoReturn:
    try:
        prepare(Path(sys.argv[0]))
        agent = import_module("rs_agent.main").main
    except Stop as e:
        print(f"rs-agent: {e.sentence}", f"  {e.hint}", sep="\n", file=sys.stderr)
        sys.exit(MISSING)
    agent()
    sys.exit(0)


def prepare(file: Path) -> None:
    """The agent's code and the finder of all else are on the path. Raises Stop."""
    here = store.folder()
    try:
        with zipfile.ZipFile(file) as archive:
            found = release.read(archive.read("manifest.json"), archive.read("manifest.sig"))
            kept = store.Store(here, found.relay, found.files)
            release.admit(found, here)
            place = kept.place(found.code) if kept.has(found.code) else kept.put(found.code, archive.read(found.code))
    except (zipfile.BadZipFile, KeyError, OSError) as e:
        raise Stop(*release.CHANGED) from e
    kept.forget_all_but(set(found.files))
    first = found.modules["msgspec"]
    if not kept.has(first):
        size = round(found.files[first][1] / 1000)
        print(say("Fetching what rs-agent needs, once: {size} KB.").format(size=size), file=sys.stderr, flush=True)
    add(place)
    finder = Finder(found.modules, kept.fetch)
    sys.meta_path.insert(0, finder)  # before what the system has installed: it may be too old
    finder.bring("msgspec")
    os.environ.setdefault("RS_RELAY", found.relay)
