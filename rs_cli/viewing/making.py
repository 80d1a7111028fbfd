"""How the picture is made: fewer colours, exact pixels only, a cap on its rate. For slow lines and sharp eyes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_relay.channels.screen.messages import Colours, Tune

GROUP = "Quality"
_COLOURS = {Colours.ALL: "All colours", Colours.C256: "256 colours", Colours.GREYS: "16 greys"}
_RATES = {0: "As many pictures as the line allows", 10: "At most 10 a second", 2: "At most 2 a second"}


class Making:
    def __init__(self, around: Around) -> None:
        self._around = around

    def entries(self) -> Iterable[pipe.Entry]:
        tune = self._around.screen.tune
        for colours, label in _COLOURS.items():
            yield pipe.Entry(f"colours {colours}", label, pipe.Kind.CHOICE, GROUP, tune.colours is colours)
        yield pipe.Entry("lossless", "Exact pixels only", pipe.Kind.CHECK, GROUP, tune.lossless)
        for rate, label in _RATES.items():
            yield pipe.Entry(f"rate {rate}", label, pipe.Kind.CHOICE, GROUP, tune.rate == rate)

    async def chosen(self, what: str, on: bool) -> None:
        await self._around.screen.make(_changed(self._around.screen.tune, what, on))


def _changed(tune: Tune, what: str, on: bool) -> Tune:
    match what.split():
        case ["colours", colours]:
            return msgspec.structs.replace(tune, colours=Colours(colours))
        case ["rate", rate]:
            return msgspec.structs.replace(tune, rate=int(rate))
        case _:
            return msgspec.structs.replace(tune, lossless=on)
