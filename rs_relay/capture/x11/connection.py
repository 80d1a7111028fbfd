"""One connection to the X server, and what can go wrong with it in a person's words.

An X *error* is an answer to one request and ends nothing: without a handler of its own python-xlib would print it to
stderr, which is the customer's terminal. A *lost connection* ends everything, and is DisplayGone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Xlib import display
from Xlib import error as xerror
from Xlib.protocol import event

from rs_relay.capture.base import DisplayGone
from rs_relay.errors import LocalProblem


class _OwnTables(display._BaseDisplay):  # type: ignore[misc]
    """A connection with its own numbers of events, errors and extensions. python-xlib's stand at the class, for all
    connections of a process: the display that comes back as a server with other extensions could not be opened."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.extension_major_opcodes: dict[str, int] = {}
        self.error_classes = xerror.xerror_class.copy()
        self.event_classes = event.event_class.copy()
        super().__init__(*arguments, **named)


display._BaseDisplay = _OwnTables


def connect(name: str | None = None) -> Any:
    """An open `Xlib.display.Display` of display `name` (default: $DISPLAY). Raises LocalProblem."""
    shown = name or os.environ.get("DISPLAY", "")
    try:
        opened = display.Display(name)
    except (xerror.DisplayError, xerror.XError, xerror.ConnectionClosedError, OSError, AssertionError) as e:
        # (An AssertionError is how python-xlib answers a server that hangs up in the middle of its set-up.)
        raise LocalProblem(
            f"The X display {shown!r} cannot be opened." if shown else "There is no X display here.",
            "Start rs-agent inside the desktop session of the person you help, or set DISPLAY and XAUTHORITY.",
        ) from e
    opened.set_error_handler(lambda error, request: None)
    return opened


@contextmanager
def speaking() -> Iterator[None]:
    """Turns the end of the X connection into DisplayGone."""
    try:
        yield
    except (xerror.ConnectionClosedError, BrokenPipeError, ConnectionResetError) as e:
        raise DisplayGone(
            "The desktop session of this computer has ended.", "Start rs-agent again in the new one."
        ) from e


def need(opened: Any, extension: str, for_what: str) -> None:
    """Raises LocalProblem when the X server lacks `extension`."""
    if opened.query_extension(extension) is None:
        raise LocalProblem(
            f"The X server of this desktop lacks {extension}, which rs needs {for_what}.",
            "Use another X server, or help without it.",
        )


def is_xwayland(opened: Any) -> bool:
    """Whether this X server is a guest of a Wayland desktop: it says so since 23.1, and its outputs always have."""
    if opened.query_extension("XWAYLAND") is not None:
        return True
    if not opened.has_extension("RANDR"):
        return False
    root = opened.screen().root
    resources = root.xrandr_get_screen_resources()
    names = [opened.xrandr_get_output_info(output, resources.config_timestamp).name for output in resources.outputs]
    return any(str(name).startswith("XWAYLAND") for name in names)
