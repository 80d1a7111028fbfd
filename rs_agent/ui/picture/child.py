"""The agent's end of the pipe: the window as a child process, see `rs_relay.glass.child`."""

from __future__ import annotations

from asyncio.subprocess import Process

from rs_agent.ui.picture import pipe
from rs_relay.channels.screen import share
from rs_relay.errors import LocalProblem, from_wire
from rs_relay.glass import child
from rs_relay.glass.child import Child

NO_WINDOW = "The customer's computer cannot show a window."
WHERE = "They can look only where rs-agent runs in a desktop session, with Tk."


class Window(Child[pipe.ToWindow, pipe.FromWindow]):
    """A running window, see `rs_agent.feature.PictureWindow`."""

    def __init__(self, process: Process) -> None:
        super().__init__(process, pipe.from_window, pipe.FROM_WINDOW)
        self.codecs: tuple[str, ...] = ()

    async def show(self, message: share.Up) -> None:
        await self.send(message)

    async def said(self) -> share.Down | None:
        match await self.receive():
            case pipe.Closed():
                return None
            case pipe.Cannot(code, message, hint):
                raise from_wire(code, message, hint)
            case pipe.Ready() | None:
                raise LocalProblem("The window on the customer's computer broke.", "Show your screen again.")
            case said:
                return said

    async def close(self) -> None:
        await self.kill()


async def open_window(who: str) -> Window:
    """A window whose title names `who`. Raises LocalProblem where none can be opened."""
    if child.display_missing():
        raise LocalProblem(NO_WINDOW, WHERE)
    window = Window(await child.spawn("rs_agent.ui.picture"))
    match await window.first():
        case pipe.Ready(codecs):
            window.codecs = codecs
            await window.send(pipe.Title(who))
            return window
        case _:
            await window.close()
            raise LocalProblem(NO_WINDOW, WHERE)
