"""What `ps` shows of this process. A support code must not be there, not even for the moment a join takes."""

from __future__ import annotations

from collections.abc import Sequence


def hide_code(argv: Sequence[str]) -> None:
    """Overwrite the process's arguments if a verb that takes a code is among them."""
    if "connect" not in argv[1:]:
        return
    try:
        from setproctitle import setproctitle
    except ImportError:
        return  # a platform without it: the prompt of `rs connect` is the way there
    setproctitle("rs connect")
