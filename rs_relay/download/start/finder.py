"""A module that is not here yet is fetched when it is imported.

What a child process of the agent needs is fetched by the agent before it starts one: a window's process opens no
socket. It finds it all by PYTHONPATH.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

# Where PYTHONPATH stands as the customer had it: what they run by way of the agent is not to find our modules.
BEFORE_US = "RS_PYTHONPATH"
# Before a module that starts a child is loaded: what the child will need.
BEFORE = {"rs_agent.ui.picture.child": ("numpy", "PIL", "simplejpeg", "backports")}


# Before these: the whole of the agent's own code. Whoever has come as far as a cipher will need a feature.
BEHIND = ("cryptography",)
OURS = ("rs_agent", "rs_relay", "websockets", "platformdirs")  # in the one file, in part


class Finder(MetaPathFinder):
    """`modules`: top-level module -> the file that holds it; `rest`: the file with all of our own code; `fetch`: a file
    -> its folder, raises ImportError."""

    def __init__(self, modules: Mapping[str, str], fetch: Callable[[str], Path], rest: str) -> None:
        self._modules, self._fetch, self._rest = dict(modules), fetch, rest
        self._lock = threading.RLock()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for module in BEFORE.get(name, ()):
            self.bring(module)
        if name.partition(".")[0] in OURS:
            return self._ours(name, path)
        if path is not None or name not in self._modules:
            return None
        if name in BEHIND:
            self.bring_rest()
        return PathFinder.find_spec(name, [str(self.bring(name))])

    def _ours(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """Where it has been imported from so far, else among all of it."""
        if found := PathFinder.find_spec(name, path):
            return found
        below = name.rpartition(".")[0].replace(".", os.sep)
        return PathFinder.find_spec(name, [str(self.bring_rest() / below)])

    def bring(self, module: str) -> Path | None:
        """The folder that `module` lies in, from now on on the path of this process and of its children."""
        return self._add(self._modules[module]) if module in self._modules else None

    def bring_rest(self) -> Path:
        return self._add(self._rest)

    def _add(self, file: str) -> Path:
        with self._lock:
            place = self._fetch(file)
            add(place)
        return place


def add(place: Path) -> None:
    text = str(place)
    os.environ.setdefault(BEFORE_US, os.environ.get("PYTHONPATH", ""))
    if text not in sys.path:
        sys.path.insert(0, text)
    ahead = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    if text not in ahead:
        os.environ["PYTHONPATH"] = os.pathsep.join([text, *ahead])
