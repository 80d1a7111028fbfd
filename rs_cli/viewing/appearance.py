"""A plainer desktop at the customer's, as switches among those for a slow line. `plain` wants it from the beginning."""

from __future__ import annotations

from collections.abc import Iterable

from rs_cli.features.appearance import Appearance
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_relay.channels.appearance import Part, State
from rs_relay.errors import RsError
from rs_relay.text import printable

GROUP = "Quality"
LABELS = {Part.WALLPAPER: "No wallpaper", Part.EFFECTS: "No display effects"}
REASON = 160  # characters of why the customer's computer cannot


class PlainDesktop:
    def __init__(self, around: Around, plain: bool = False) -> None:
        self._around, self._plain = around, plain
        self._appearance = Appearance(self._told)

    async def run(self) -> None:
        if self._plain:
            try:
                await self._want(frozenset(Part))
            except RsError as error:
                self._around.say(printable(error.message))

    def entries(self) -> Iterable[pipe.Entry]:
        state = self._appearance.state
        for part, label in LABELS.items():
            told = f"{label} (not possible here)" if part in state.cannot else label
            yield pipe.Entry(f"no {part}", told, pipe.Kind.CHECK, GROUP, part in state.hidden)

    async def chosen(self, what: str, on: bool) -> None:
        part, wanted = Part(what.removeprefix("no ")), self._appearance.wanted
        if on and part in self._appearance.state.cannot:
            self._say_why(self._appearance.state)
        await self._want(wanted | {part} if on else wanted - {part})

    async def _want(self, parts: frozenset[Part]) -> None:
        await self._appearance.hide(parts)
        if not parts:
            await self._around.session.drop(self._appearance)
            return
        try:
            await self._around.session.use(self._appearance)
        except RsError:
            await self._appearance.hide(frozenset())
            raise

    def _told(self, state: State) -> None:
        self._say_why(state)
        self._around.touch()

    def _say_why(self, state: State) -> None:
        if state.cannot:
            self._around.say(" ".join(printable(why, REASON) for why in state.cannot.values()))
