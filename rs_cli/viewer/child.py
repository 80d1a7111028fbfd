"""The session's end of the pipe: the viewer as a child process, see `rs_relay.glass.child`."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import Process

from rs_cli.viewer import pipe
from rs_relay.errors import LocalProblem, from_wire
from rs_relay.glass import child
from rs_relay.glass.child import Child

log = logging.getLogger(__name__)
WITHOUT_WINDOW = "`rs screenshot SESSION FILE.png` saves what the customer sees without a window."


class Viewer(Child[pipe.ToViewer, pipe.FromViewer]):
    """A running viewer."""

    def __init__(self, process: Process) -> None:
        super().__init__(process, pipe.from_viewer, pipe.FROM_VIEWER)
        self.codecs: tuple[str, ...] = ()  # the lossy ones it decodes


def check_display() -> None:
    """Raises LocalProblem where no window can be opened, before anybody was asked for anything."""
    if child.display_missing():
        raise LocalProblem("There is no display here to open a window on.", WITHOUT_WINDOW)


async def start() -> Viewer:
    """A viewer whose window is there, unseen until it has a title. Raises LocalProblem where there can be none."""
    check_display()
    # With --debug a defect shows where it was.
    viewer = Viewer(await child.spawn("rs_cli.viewer", heard=log.isEnabledFor(logging.DEBUG)))
    match await viewer.first():
        case pipe.Ready(codecs):
            viewer.codecs = codecs
            return viewer
        case pipe.Cannot(code, message, hint):
            await viewer.close()
            raise from_wire(code, message, hint)
        case _:
            await viewer.close()
            raise LocalProblem("The window for the screen did not open.", WITHOUT_WINDOW)


async def dismiss(starting: asyncio.Task[Viewer]) -> None:
    """Closes what `start` made, or is still about to make."""
    starting.cancel()
    await asyncio.wait([starting])
    if not starting.cancelled() and starting.exception() is None:
        await starting.result().close()
