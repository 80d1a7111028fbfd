"""What the frozen program runs: the agent, or with `-P -m MODULE` one of its processes, as Python would.

Only this module knows that it is frozen. The rest finds things as they are elsewhere: `sys.executable -P -m` starts a
process of ours, `sys.argv[0]` is the file that the customer started, the environment is the customer's own.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import sys
import time
from collections.abc import Iterable, MutableMapping
from importlib import import_module
from pathlib import Path

FILE = "RS_AGENT_FILE"  # the file that unpacked this program; its first lines (`unpack.sh`) set it
ADDED = "RS_ADDED"  # names of variables that are ours, for who starts programs of the customer's
OURS = "program-"  # a folder with an unpacked program, `part-`: half of one
DAY = 86400.0  # seconds
# Where systems keep the certificates that they trust; the libssl in here knows its own builder's place only.
TRUSTED = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)  # fmt: skip


def main() -> None:
    match sys.argv[1:]:
        case ["-P", "-m", module, *rest]:
            tidy_environment(os.environ)
            sys.argv[1:] = rest
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case _:
            tidy_environment(os.environ, forget=("TCL_LIBRARY", "TK_LIBRARY"))  # a window's process sets them anew
            trust(os.environ)
            sys.argv[0] = os.environ.get(FILE) or sys.executable
            home = Path(sys.executable).parent
            with contextlib.ExitStack() as stay:
                if home.name.startswith(OURS):
                    stay.enter_context(contextlib.suppress(OSError))
                    hold(home)
                    forget_others(home)
            meet(Path(getattr(sys, "_MEIPASS", home)) / "relay.txt", os.environ)
            import_module("rs_agent.main").main()


def tidy_environment(environ: MutableMapping[str, str], forget: Iterable[str] = ()) -> None:
    """What the first stage of the program set for itself goes: programs that the agent starts are the customer's."""
    for name in [name for name in environ if name.startswith("_PYI_")]:
        del environ[name]
    before = environ.pop("LD_LIBRARY_PATH_ORIG", None)
    environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        environ["LD_LIBRARY_PATH"] = before
    for name in forget:
        environ.pop(name, None)


def trust(environ: MutableMapping[str, str], places: Iterable[str] = TRUSTED) -> None:
    """The certificates are this system's."""
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        return
    for place in places:
        if os.path.isfile(place):
            environ["SSL_CERT_FILE"] = place
            environ[ADDED] = "SSL_CERT_FILE"
            return


def meet(place: Path, environ: MutableMapping[str, str]) -> None:
    """The relay that the program was made for, where no script has said it."""
    with contextlib.suppress(OSError):
        environ.setdefault("RS_RELAY", place.read_text(encoding="utf-8").strip())


def hold(home: Path) -> None:
    """As long as this process lives, nobody takes its folder away. Raises OSError."""
    import fcntl

    fcntl.flock(os.open(home, os.O_RDONLY), fcntl.LOCK_SH)


def forget_others(home: Path, now: float | None = None) -> None:
    """Unpacked programs that nobody runs and that are a day old go, and what was left half unpacked."""
    import fcntl

    for other in home.parent.iterdir():
        if other == home or not other.name.startswith((OURS, "part-")) or other.is_symlink():
            continue
        if (time.time() if now is None else now) - other.stat().st_mtime < DAY:
            continue
        lock = os.open(other, os.O_RDONLY)
        with contextlib.suppress(OSError):  # somebody runs it
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(other, ignore_errors=True)
        os.close(lock)


if __name__ == "__main__":
    main()
