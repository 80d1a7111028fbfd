"""The features of one session, each made when it is first used, and what the session itself asks of some of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, cast

from rs_agent.feature import Context, Feature
from rs_agent.features import Entry
from rs_relay.channels.draw import Tool
from rs_relay.link.spec import Permission


class Speech(Protocol):
    """What the session itself needs of the chat feature."""

    last: int

    def say(self, text: str) -> None: ...

    def tell(self, text: str) -> None: ...


class Drawing(Protocol):
    """What the session itself needs of the draw feature."""

    async def draw(self, tool: Tool) -> None: ...

    def erase(self) -> None: ...

    def forbid(self, on: bool) -> None: ...

    def stand(self) -> None: ...


class Restarts(Protocol):
    """What the session itself needs of the power feature."""

    def call_off(self) -> bool: ...


class Made:
    """`entries`: what there may be; `context`: what each is made with."""

    def __init__(self, entries: Mapping[str, Entry], context: Context) -> None:
        self._entries, self._context = entries, context
        self._features: dict[str, Feature] = {}
        self._making: dict[str, asyncio.Lock] = {}

    async def feature(self, name: str) -> Feature:
        """The session's one object of that feature. Raises what it cannot be made for."""
        async with self._making.setdefault(name, asyncio.Lock()):
            if name not in self._features:
                self._features[name] = await asyncio.to_thread(self._entries[name].make, self._context)
        return self._features[name]

    def busy(self) -> list[tuple[Permission | None, Feature]]:
        """Features of which something goes on, also without a channel."""
        made = self._features.items()
        return [(self._entries[name].permission, f) for name, f in made if getattr(f, "busy", False)]

    def close(self) -> None:
        for feature in self._features.values():
            getattr(feature, "close", _nothing)()

    def speech(self) -> Speech:
        """Chat, made at once: it needs nothing that is slow to load."""
        if "chat" not in self._features:
            self._features["chat"] = self._entries["chat"].make(self._context)
        return cast(Speech, self._features["chat"])

    def lines(self) -> int:
        """Of chat so far."""
        return self.speech().last if "chat" in self._features else self._context.lines

    def drawing(self) -> Drawing | None:
        """The board, if there has been need of one."""
        return cast("Drawing | None", self._features.get("draw"))

    async def draw(self, act: Callable[[Drawing], Coroutine[Any, Any, None]]) -> None:
        if "draw" in self._entries:
            await act(cast(Drawing, await self.feature("draw")))

    def controlled(self) -> bool:
        """Whether somebody may hold keys of this computer."""
        return "control" in self._features

    def let_go(self) -> None:
        """Lets go of every key, from any thread."""
        getattr(self._features.get("control"), "let_go", _nothing)()

    def stop_restart(self) -> bool:
        """Calls off the restart that is counted down; whether there was one."""
        power = self._features.get("power")
        return power is not None and cast(Restarts, power).call_off()


def _nothing() -> None:
    """What a feature does at the end, or with keys held down, if it says nothing about it."""
