"""A desktop that the customer can pause: while it is paused its screens show grey, its hands and clipboard do nothing.

Paused here, below the features, so that no feature has to know of it, and nothing that was on the screen during the
pause is ever grabbed: it cannot come out afterwards.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_agent.desktop.base import (
    CLIPBOARD_LIMIT,
    Area,
    Change,
    Clipboard,
    Desktop,
    Hands,
    Keeper,
    Kept,
    Monitor,
    Overlay,
    Pixels,
    PointerPlace,
    PointerShape,
    Screen,
)
from rs_agent.desktop.keeping import PRIVATE
from rs_relay.clipboard.contents import Contents, Format, Raw
from rs_relay.errors import NotAllowed
from rs_relay.link.spec import Permission

GREY = 0x60


class PausableDesktop:
    def __init__(self, desktop: Desktop) -> None:
        self.name = desktop.name
        self._desktop = desktop
        self._paused = False
        self.asking = False  # a question to the customer is on show, which nobody else may answer
        self._keepers: weakref.WeakSet[_Keeper] = weakref.WeakSet()

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, on: bool) -> None:
        self._paused = on
        for keeper in list(self._keepers):
            keeper.look()

    def screen(self) -> Screen:
        return _Screen(self._desktop.screen(), self)

    def hands(self) -> Hands:
        return _Hands(self._desktop.hands(), self)

    def clipboard(self) -> Clipboard:
        return _Clipboard(self._desktop.clipboard(), self)

    def overlay(self) -> Overlay:
        return self._desktop.overlay()

    def allowed(self, permissions: frozenset[Permission]) -> None:
        self._desktop.allowed(permissions)

    @property
    def asks(self) -> bool:
        return self._desktop.asks

    def stop_key(self, pressed: Callable[[], None]) -> str:
        return self._desktop.stop_key(pressed)

    def seen(self, on: bool) -> None:
        self._desktop.seen(on)

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        self._desktop.keep_in(folder, lasting=lasting)

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> Keeper:
        keeper = _Keeper(self._desktop.keeper(purpose, told), self)
        self._keepers.add(keeper)
        return keeper

    def close(self) -> None:
        self._desktop.close()

    def refuse_while_paused(self) -> None:
        """Raises NotAllowed during a pause."""
        if self.paused:
            raise NotAllowed("The customer has paused the session.", "Wait until they resume it.")

    def refuse_hands(self) -> None:
        """Raises NotAllowed during a pause, and while the customer is asked something."""
        self.refuse_while_paused()
        if self.asking:
            raise NotAllowed("The customer is being asked something.", "Mouse and keyboard rest until they answer.")


class _Screen:
    def __init__(self, screen: Screen, desktop: PausableDesktop) -> None:
        self._screen, self._desktop = screen, desktop
        self._place = PointerPlace(0, 0)
        self.monitors = screen.monitors
        self._shape: PointerShape | None = None
        self._was_paused = desktop.paused
        self.bounds = screen.bounds
        self.close = screen.close

    def watch(self, changed: Callable[[], None]) -> bool:
        return self._screen.watch(changed)

    def damaged(self) -> tuple[Area, ...] | None:
        """All of it, where a pause began or ended since the last call."""
        told = self._screen.damaged()
        was, self._was_paused = self._was_paused, self._desktop.paused
        return None if was != self._was_paused else told

    def shape(self) -> PointerShape | None:
        if not self._desktop.paused:
            self._shape = self._screen.shape()
        return self._shape

    def focus(self) -> Area | None:
        return None if self._desktop.paused else self._screen.focus()

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        pixels = self._screen.grab(area, parts)
        if self._desktop.paused:
            pixels = pixels.copy()
            pixels[:] = GREY
        return pixels

    def pointer(self) -> PointerPlace:
        if not self._desktop.paused:
            self._place = self._screen.pointer()
        return self._place


class _Hands:
    def __init__(self, hands: Hands, desktop: PausableDesktop) -> None:
        self._hands, self._desktop = hands, desktop
        self.release_all = hands.release_all
        self.close = hands.close

    def move(self, x: int, y: int) -> None:
        self._desktop.refuse_hands()
        self._hands.move(x, y)

    def button(self, name: str, down: bool) -> None:
        if down:
            self._desktop.refuse_hands()
        self._hands.button(name, down)

    def wheel(self, dx: int, dy: int) -> None:
        self._desktop.refuse_hands()
        self._hands.wheel(dx, dy)

    def key(self, name: str, down: bool) -> None:
        if down:
            self._desktop.refuse_hands()
        self._hands.key(name, down)

    def text(self, text: str) -> None:
        self._desktop.refuse_hands()
        self._hands.text(text)


class _Keeper:
    """During a pause the customer sees their screen, and uses their keyboard and mouse."""

    def __init__(self, keeper: Keeper, desktop: PausableDesktop) -> None:
        self._keeper, self._desktop = keeper, desktop
        self._wanted: frozenset[Change] = frozenset()
        self.close = keeper.close

    def want(self, changes: frozenset[Change]) -> None:
        self._wanted = changes
        self._keeper.want(changes - PRIVATE if self._desktop.paused else changes)

    def look(self) -> None:
        if self._wanted:
            self.want(self._wanted)


class _Clipboard:
    def __init__(self, clipboard: Clipboard, desktop: PausableDesktop) -> None:
        self._clipboard, self._desktop = clipboard, desktop
        self.close = clipboard.close

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        self._desktop.refuse_while_paused()
        return self._clipboard.get(limit)

    def set(self, text: str) -> None:
        self._desktop.refuse_while_paused()
        self._clipboard.set(text)

    def formats(self) -> frozenset[Format]:
        self._desktop.refuse_while_paused()
        return self._clipboard.formats()

    def read(self, wanted: Format, limit: int) -> Raw | None:
        self._desktop.refuse_while_paused()
        return self._clipboard.read(wanted, limit)

    def put(self, contents: Contents) -> None:
        self._desktop.refuse_while_paused()
        self._clipboard.put(contents)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        def unless_paused() -> None:
            if not self._desktop.paused:
                changed()

        return self._clipboard.watch(unless_paused)
