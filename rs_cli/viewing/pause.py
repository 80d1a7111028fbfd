"""Pause: no picture is made and sent until the technician resumes."""

from __future__ import annotations

from collections.abc import Iterable

from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around


class PauseEntry:
    def __init__(self, around: Around) -> None:
        self._around = around

    def entries(self) -> Iterable[pipe.Entry]:
        return [pipe.Entry("pause", "Pause the picture", pipe.Kind.CHECK, on=self._around.screen.paused)]

    async def chosen(self, what: str, on: bool) -> None:
        await self._around.screen.pause(on)
