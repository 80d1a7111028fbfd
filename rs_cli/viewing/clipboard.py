"""The shared clipboard as a switch in the window's menu: text copied at one end is there at the other."""

from __future__ import annotations

from collections.abc import Iterable

from rs_cli.features.clipboard import Clipboard, Moved, system_clipboard
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around


class SharedClipboard:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._clipboard: Clipboard | None = None

    def entries(self) -> Iterable[pipe.Entry]:
        watching = self._clipboard is not None and self._clipboard.watching
        return [pipe.Entry("clipboard", "Share the clipboard", pipe.Kind.CHECK, on=watching)]

    async def chosen(self, what: str, on: bool) -> None:
        if self._clipboard is None:
            self._clipboard = Clipboard(system_clipboard(), self._moved)
        clipboard = self._clipboard
        if on:
            await self._around.session.use(clipboard)
        await clipboard.watch(on)
        if not on:
            await self._around.session.drop(clipboard)

    def _moved(self, moved: Moved) -> None:
        side = "from" if moved.from_customer else "to"
        self._around.say(
            f"Clipboard: {moved.size} bytes {side} the customer."
            if moved.taken
            else "Too large to share the clipboard."
        )
