"""Drawing over the customer's desktop, from the window's menu: a tool, its colour, and erasing all.

    viewer ─▶ Drawn ─▶ Draw ⇢ agent       strokes, as the mouse makes them
    viewer ◀─ Board ◀─ Draw ⇠ agent       what the agent says is there
    viewer ◀▶ Pen                         which tool the mouse is; Escape puts it away

The channel is open as long as the screen is seen, so that the customer has somebody to draw for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rs_cli.features.draw import Draw
from rs_cli.session.events import Began, Event
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_relay.channels.draw import Colour, Down, Standing, Tool, Where
from rs_relay.errors import ConnectionLost, NotAllowed, RsError

GROUP, INKS = "Draw", "Drawing colour"
WIDTHS = {Tool.PEN: 4, Tool.ARROW: 5, Tool.RECTANGLE: 4, Tool.HIGHLIGHTER: 20, Tool.LASER: 8}  # pixels of the desktop
LABELS = {Tool.LASER: "Laser pointer"}
CHOSEN = "The mouse draws; Escape ends it."
ALONE = "Drawn in this picture only: the customer does not see it."
OFF = "The customer's end takes no drawings now."


class DrawTools:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._draw = Draw(self._show, around.touch)
        self._tool: Tool | None = None
        self._inks = {tool: Colour.YELLOW if tool is Tool.HIGHLIGHTER else Colour.RED for tool in Tool}
        around.hears(pipe.Drawn, lambda drawn: self._draw.do(drawn.said))
        around.hears(pipe.Pen, self._put_away_there)

    def entries(self) -> Iterable[pipe.Entry]:
        can = self._draw.where in (Where.DESKTOP, Where.PICTURE)
        for tool in Tool:
            label, on = LABELS.get(tool, tool.capitalize()), tool is self._tool
            yield pipe.Entry(f"draw {tool}", label, pipe.Kind.CHECK, GROUP, on, can, tool=True)
        yield pipe.Entry("erase", "Erase all drawings", group=GROUP, enabled=self._draw.where is not None, tool=True)
        for ink in Colour:
            on = ink is self._inks[self._tool or Tool.PEN]
            yield pipe.Entry(f"ink {ink}", ink.capitalize(), pipe.Kind.CHOICE, INKS, on)

    async def chosen(self, what: str, on: bool) -> None:
        match what.split():
            case ["draw", tool]:
                await self._take(Tool(tool) if on else None)
            case ["ink", ink]:
                self._inks[self._tool or Tool.PEN] = Colour(ink)
                await self._take(self._tool)
            case _:
                self._draw.erase()

    async def run(self) -> None:
        """Keeps the channel open while the screen is seen."""
        seen = asyncio.Event()

        def happened(event: Event) -> None:
            if isinstance(event, Began) and event.feature == "screen":
                seen.set()

        stop_listening = self._around.session.listen(happened)
        try:
            while True:
                await seen.wait()
                seen.clear()
                try:
                    await self._around.session.during(self._draw, asyncio.Event().wait())
                except (NotAllowed, ConnectionLost):
                    await self._take(None)
        except RsError:  # an agent that cannot draw, or the session is over: the entries stay grey
            return
        finally:
            stop_listening()

    async def _take(self, tool: Tool | None) -> None:
        self._tool = tool
        ink = self._inks[tool or Tool.PEN]
        await self._around.send(pipe.Pen(tool, ink, WIDTHS[tool or Tool.PEN]))
        self._stand()

    def _put_away_there(self, pen: pipe.Pen) -> None:
        """In the window, which draws no more already."""
        self._tool = pen.tool
        self._stand()

    def _stand(self) -> None:
        """What the status line says while a tool is in the hand."""
        alone = self._draw.where is Where.PICTURE
        self._around.stand("draw", "" if self._tool is None else ALONE if alone else CHOSEN)
        self._around.touch()

    async def _show(self, said: Down) -> None:
        if said == Standing(Where.OFF) and self._tool is not None:
            self._around.say(OFF)
            await self._take(None)
        await self._around.send(pipe.Board(said))
