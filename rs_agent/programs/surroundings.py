"""What a program finds around it: the logged-in user's environment, home and shell, and nothing of ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

OURS = "RS_"  # where our settings, folders and the relay stand
HAD = "RS_PYTHONPATH"  # what PYTHONPATH was before a downloaded agent added to it for its own processes

ADDED = "RS_ADDED"  # names of what a frozen agent added for itself


def environment(own: Mapping[str, str], more: Mapping[str, str], home: Path, term: str = "") -> dict[str, str]:
    """`own` without what is ours, and `more` added. `term`: of its terminal; without one it has none."""
    ours = own.get(ADDED, "").split()
    kept = {name: value for name, value in own.items() if not name.startswith(OURS) and name not in ours}
    if HAD in own:
        kept.pop("PYTHONPATH", None)
    if own.get(HAD):
        kept["PYTHONPATH"] = own[HAD]
    kept["HOME"] = str(home)
    kept.pop("TERM", None)
    if term:
        kept["TERM"] = term
        kept.pop("COLUMNS", None)  # of the agent's terminal
        kept.pop("LINES", None)
    return {**kept, **more}


def login_shell() -> str:
    """The user's own: by the user database, then $SHELL, then what every system has."""
    if os.name != "posix":
        return os.environ.get("COMSPEC", "cmd.exe")
    import pwd

    try:
        shell = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        shell = ""
    for candidate in (shell, os.environ.get("SHELL", "")):
        if candidate and os.access(candidate, os.X_OK) and not candidate.endswith(("nologin", "false")):
            return candidate
    return "/bin/sh"


def folder(name: str, home: Path) -> str:
    """`name` as a person gives it: absolute, below home, or with `~`. Raises NotADirectoryError."""
    place = os.path.join(home, str(home) + name[1:] if name == "~" or name.startswith("~/") else name)
    if not os.path.isdir(place):
        raise NotADirectoryError(place)
    return place


def find(name: str, cwd: str, path: str | None) -> str:
    """Where the program `name` is: by `path` ($PATH) or, with a slash in it, from `cwd`. Raises FileNotFoundError, or
    PermissionError for what is there and cannot be run. Looked for here, because a command that gets a terminal is
    started by a line of sh, which would say what is wrong in that terminal."""
    if os.sep in name:
        place: str | None = os.path.join(cwd, name)
    else:
        place = shutil.which(name, path=path) or shutil.which(name, mode=os.F_OK, path=path)
    if place is None or not os.path.exists(place):
        raise FileNotFoundError(name)
    if os.path.isdir(place) or not os.access(place, os.X_OK):
        raise PermissionError(name)
    return place
