"""From `rs-agent.pyz` to a running agent: checked, fetched once, and the same every time after."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from . import release, setting, store
from .bar import Bar
from .finder import Finder, add
from .words import Stop, learn, say

AHEAD = ("cryptography", "_cffi_backend")
PLAIN = {"--version", "--help", "-h"}
NO_TK = "This Python has no Tk (python3-tk) for a window: all goes on in this terminal. {page} tells another way."
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
    add(place)
    learn(place / "rs_agent" / "locale")
    kept.proxy = setting.proxy(sys.argv[1:])
    finder = Finder(found.modules, kept.fetch, found.rest)
    _bring(finder, kept, [found.modules[module] for module in found.first], found.first)
    sys.meta_path.insert(0, finder)  # before what the system has installed: it may be too old
    if "join" in sys.argv[1:]:  # what a session begins with comes while the code is typed
        threading.Thread(target=_ahead, args=[finder], daemon=True).start()
    os.environ.setdefault("RS_RELAY", found.relay)
    if _wants_window(sys.argv[1:]) and find_spec("_tkinter") is None:
        page = f"{release.web(found.relay)}/join"
        print(say(NO_TK).format(page=page), file=sys.stderr)


def _wants_window(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the customer would have a window if there could be one."""
    lives = not arguments or arguments[0] == "join" or (arguments[0].startswith("-") and not PLAIN & set(arguments))
    return lives and "--console" not in arguments and (sys.platform != "linux" or bool(environ.get("DISPLAY")))


def _bring(finder: Finder, kept: store.Store, files: Sequence[str], modules: Sequence[str]) -> None:
    """Before anything is shown. Raises Stop."""
    with contextlib.ExitStack() as over:
        if size := kept.missing(files):
            bar = Bar(size)
            kept.came = bar.came
            over.callback(kept.stay_silent)
            over.callback(bar.close)
        for module in modules:
            finder.bring(module)


def _ahead(finder: Finder) -> None:
    with contextlib.suppress(Stop):  # it is told when it is needed
        finder.bring_rest()
        for module in AHEAD:
            finder.bring(module)
