"""The screen made dark: every entry of each output's gamma table to zero. What programs draw, and what the technician
sees of it, is the same as before; only the light is gone.

Not DPMS (any key wakes it, and so do the technician's) and no black window (the technician would see it, too).
"""

from __future__ import annotations

from typing import Any

from Xlib import error as xerror

from rs_relay.errors import LocalProblem

CANNOT = "The screen of the customer's computer cannot be made dark: its graphics driver has no gamma table."


class Darkness:
    of_server = True
    retried = False

    def __init__(self, display: Any) -> None:
        self._display = display

    def before(self) -> dict[str, object]:
        """{"tables": {output's number: [red, green, blue]}}"""
        tables = {str(crtc): table for crtc, table in self._tables().items()}
        if not tables:
            raise LocalProblem(CANNOT)
        return {"tables": tables}

    def make(self, before: dict[str, object]) -> dict[str, object]:
        before = self.upkeep(before)
        if any(_lit(table) for table in self._tables().values()):
            self.undo(before)
            raise LocalProblem(CANNOT)
        return before

    def upkeep(self, before: dict[str, object]) -> dict[str, object]:
        """A night light, or a monitor that was plugged in, has lit the screen anew: its table is what comes back."""
        lit = {crtc: table for crtc, table in self._tables().items() if _lit(table)}
        if not lit:
            return before
        for crtc, table in lit.items():
            zero = [0] * len(table[0])
            self._display.xrandr_set_crtc_gamma(crtc, len(zero), zero, zero, zero)
        self._display.sync()
        return {"tables": {**_saved(before), **{str(crtc): table for crtc, table in lit.items()}}}

    def undo(self, before: dict[str, object]) -> None:
        for crtc, (red, green, blue) in _saved(before).items():
            self._display.xrandr_set_crtc_gamma(int(crtc), len(red), red, green, blue)
        self._display.sync()

    def _tables(self) -> dict[int, list[list[int]]]:
        """Of each output that shows something and has a table."""
        if not self._display.has_extension("RANDR"):
            return {}
        resources = self._display.screen().root.xrandr_get_screen_resources_current()
        tables = {}
        for crtc in resources.crtcs:
            try:
                if not self._display.xrandr_get_crtc_info(crtc, resources.config_timestamp).mode:
                    continue
                if self._display.xrandr_get_crtc_gamma_size(crtc).size < 2:
                    continue
                told = self._display.xrandr_get_crtc_gamma(crtc)
            except xerror.XError:
                continue  # it has gone meanwhile
            tables[int(crtc)] = [list(told.red), list(told.green), list(told.blue)]
        return tables


def _lit(table: list[list[int]]) -> bool:
    return any(any(colour) for colour in table)


def _saved(before: dict[str, object]) -> dict[str, list[list[int]]]:
    tables = before.get("tables")
    return tables if isinstance(tables, dict) else {}
