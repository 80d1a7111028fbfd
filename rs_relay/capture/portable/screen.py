"""The screen through mss. Systems put the origin at the primary monitor; rs puts it at the top left of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, ScreenChanged
from rs_relay.errors import LocalProblem


class PortableScreen:
    """`open_camera` makes an `mss.MSS`; `mouse` is a `pynput.mouse.Controller`."""

    def __init__(self, open_camera: Callable[[], Any], mouse: Any) -> None:
        self._open, self._mouse = open_camera, mouse
        self._camera = self._opened()
        self._all: dict[str, Any] = dict(self._camera.monitors[0])

    def _opened(self) -> Any:
        try:
            return self._open()
        except Exception as e:  # mss raises what its system raises
            raise LocalProblem(
                "The screen of this computer cannot be captured.",
                "On macOS, allow it under System Settings, Privacy & Security, Screen Recording.",
            ) from e

    def monitors(self) -> tuple[Monitor, ...]:
        self._camera.close()  # mss reads the monitors once in its life
        self._camera = self._opened()
        everything, *each = self._camera.monitors
        self._all = dict(everything)
        found = [self._monitor(n, one) for n, one in enumerate(each or [everything])]
        return tuple(found)

    def _monitor(self, number: int, one: dict[str, Any]) -> Monitor:
        x, y = one["left"] - self._all["left"], one["top"] - self._all["top"]
        name = str(one.get("name") or f"monitor {number + 1}")
        return Monitor(name, x, y, one["width"], one["height"], primary=bool(one.get("is_primary", number == 0)))

    def bounds(self) -> Monitor:
        self.monitors()
        return Monitor("all", 0, 0, self._all["width"], self._all["height"])

    def watch(self, changed: Callable[[], None]) -> bool:
        return False

    def damaged(self) -> tuple[Area, ...] | None:
        return None

    def shape(self) -> PointerShape | None:
        return None

    def focus(self) -> Area | None:
        return None

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        inside = area.x >= 0 and area.y >= 0 and area.width > 0 and area.height > 0
        if not inside or area.x + area.width > self._all["width"] or area.y + area.height > self._all["height"]:
            raise ScreenChanged("The screen of this computer has just changed its size or its monitors.", "")
        left, top = area.x + self._all["left"], area.y + self._all["top"]
        shot = self._camera.grab({"left": left, "top": top, "width": area.width, "height": area.height})
        pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        # A Retina screen has more pixels than places: one of each is kept, so that places and pixels agree.
        step_y, step_x = max(1, shot.height // area.height), max(1, shot.width // area.width)
        return np.ascontiguousarray(pixels[::step_y, ::step_x][: area.height, : area.width])

    def pointer(self) -> PointerPlace:
        x, y = self._mouse.position
        return PointerPlace(int(x) - self._all["left"], int(y) - self._all["top"])

    def close(self) -> None:
        self._camera.close()
