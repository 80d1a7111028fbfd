"""The clipboard in the window: shared as a switch (text, with its marks, is alike at both ends), pictures and files by
the menu, and by Ctrl-V, which waits until what was copied here is there.

    copied here: text            goes over by itself while it is shared
    copied here: picture, files  Ctrl-V in the window takes the key, sends it, presses the key there; large: asks once
    copied there               announced with its size; the menu's "Fetch their clipboard" brings it here
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from pathlib import Path

from rs_cli.features.clipboard import Clipboard, Moved, system_clipboard
from rs_cli.features.clips import Clips
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around
from rs_cli.viewing.exchange import ALIKE, BESIDE, Exchange, Load, has_clipboard, local_clipboard, ours, theirs
from rs_relay.channels.clips import Offered
from rs_relay.channels.control.messages import Key, ReleaseAll
from rs_relay.channels.control.messages import Up as Act
from rs_relay.clipboard.contents import Format, RichClipboard
from rs_relay.errors import LocalProblem, RsError

ASK_OVER = 8 * 1024 * 1024  # bytes: more is told before it goes, and goes when it is asked for again
AGAIN = 30.0  # seconds within which asking again means yes
CONTROLS = ("control_left", "control_right")


class SharedClipboard:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._clipboard: Clipboard | None = None
        self._clips = Clips(self._announced)
        self._offered: Offered | None = None  # what they copied last, while it is shared
        self._asked: tuple[str, int, float] = ("", 0, 0.0)  # what was told to be large, and when
        self._fresh = False  # a picture or files were copied here, and are not there yet
        self._held: set[str] = set()
        self._swallowed = False  # the V that is down has not been passed on
        self._busy = False
        self._stop_watching: Callable[[], None] | None = None

    @cached_property
    def _here(self) -> RichClipboard | None:
        """Opened when it is first needed."""
        return local_clipboard()

    @cached_property
    def _exchange(self) -> Exchange:
        return Exchange(self._around.session, self._clips, self._here, Path.home() / "Downloads" / "rs")

    def entries(self) -> Iterable[pipe.Entry]:
        watching = self._clipboard is not None and self._clipboard.watching
        yield pipe.Entry("clipboard", "Share the clipboard", pipe.Kind.CHECK, on=watching)
        yield pipe.Entry("clipboard fetch", f"Fetch their clipboard{self._theirs()}", enabled=not self._busy)
        if has_clipboard():
            yield pipe.Entry("clipboard send", "Send my clipboard", enabled=not self._busy)

    def _theirs(self) -> str:
        """How large, where it has been announced."""
        try:
            return f" ({theirs(self._offered).shown})" if self._offered else ""
        except RsError:
            return ""

    async def chosen(self, what: str, on: bool) -> None:
        match what:
            case "clipboard fetch":
                await self._work(self._fetch)
            case "clipboard send":
                await self._work(self._send)
            case _:
                await self._share(on)

    async def run(self) -> None:
        """Until the window closes."""
        try:
            await asyncio.Event().wait()
        finally:
            self._unwatch()
            opened = self.__dict__.get("_here")
            if opened is not None:
                await asyncio.to_thread(opened.close)

    # ---- sharing

    async def _share(self, on: bool) -> None:
        if self._clipboard is None:
            self._clipboard = Clipboard(system_clipboard(), self._moved)
        clipboard = self._clipboard
        if on:
            await self._around.session.use(clipboard)
        await clipboard.watch(on)
        if not on:
            self._unwatch()
            self._offered, self._fresh = None, False
            await self._clips.watch(False)
            await self._around.session.drop(clipboard)
            return
        with contextlib.suppress(RsError):  # an agent whose clipboard carries text alone
            await self._around.session.use(self._clips)
            await self._clips.watch(True)
        self._watch()

    def _watch(self) -> None:
        here = self._here
        if here is None or self._stop_watching is not None:
            return
        loop = asyncio.get_running_loop()

        def changed() -> None:  # in a thread of the clipboard's
            with contextlib.suppress(RsError, RuntimeError):
                loop.call_soon_threadsafe(self._copied, here.formats())

        with contextlib.suppress(LocalProblem):
            self._stop_watching = here.watch(changed)

    def _unwatch(self) -> None:
        stop, self._stop_watching = self._stop_watching, None
        if stop is not None:
            stop()

    def _copied(self, there: frozenset[Format]) -> None:
        self._fresh = Format.FILES in there or (Format.IMAGE in there and Format.TEXT not in there)
        if not self._fresh and Format.TEXT in there and {Format.HTML, Format.RTF} & there:
            self._around.chore(self._send_marks())

    async def _send_marks(self) -> None:
        """A text copied here goes with its marks, in place of the bare one, if that is not much."""
        contents = await asyncio.to_thread(self._exchange.marked)
        if contents and self._clipboard is not None:
            self._clipboard.known(contents[Format.TEXT].decode("utf-8", "replace"))
            await self._exchange.put(contents)

    def _announced(self, offered: Offered) -> None:
        self._offered, self._fresh = offered, False  # theirs is the newer one: Ctrl-V pastes that
        self._around.touch()
        kinds = {Format(item.format): item.size for item in offered.items}
        marked = Format.TEXT in kinds and {Format.HTML, Format.RTF} & set(kinds)
        if marked and self._here is not None and sum(kinds[kind] for kind in BESIDE if kind in kinds) <= ALIKE:
            self._around.chore(self._keep_marks(offered))

    async def _keep_marks(self, offered: Offered) -> None:
        """The text is here already, bare; now with its marks."""
        await self._exchange.fetch(theirs(offered))

    def _moved(self, moved: Moved) -> None:
        side = "from" if moved.from_customer else "to"
        self._around.say(
            f"Clipboard: {moved.size} bytes {side} the customer."
            if moved.taken
            else "Too large to share the clipboard."
        )

    # ---- pictures and files

    async def _work(self, work: Callable[[], Awaitable[None]]) -> None:
        """One at a time."""
        if self._busy:
            return
        self._busy = True
        self._around.touch()
        try:
            await work()
        finally:
            self._busy = False
            self._around.touch()

    async def _fetch(self) -> None:
        await self._around.session.use(self._clips)
        load = theirs(await self._around.session.during(self._clips, self._clips.look()))
        if self._agreed("fetch", load, "Choose it again to fetch it."):
            self._around.say(f"Fetching {load.shown} …")
            self._around.say(await self._exchange.fetch(load))

    async def _send(self) -> None:
        await self._send_ours("Choose it again to send it.")

    async def _send_ours(self, how: str) -> bool:
        """Whether it is there now."""
        if self._here is None:
            raise LocalProblem("This computer has no clipboard that rs can use.")
        load = await asyncio.to_thread(ours, self._here)
        if not self._agreed("send", load, how):
            return False
        self._around.say(f"Sending {load.shown} …")
        await self._exchange.send(load)
        self._fresh = False
        self._around.say(f"On the customer's clipboard: {load.shown}.")
        return True

    def _agreed(self, what: str, load: Load, how: str) -> bool:
        """Small, or asked for a second time within a moment."""
        asked, size, at = self._asked
        if load.size <= ASK_OVER or (asked == what and size == load.size and time.monotonic() - at < AGAIN):
            self._asked = ("", 0, 0.0)
            return True
        self._asked = (what, load.size, time.monotonic())
        self._around.say(f"That is large: {load.shown}. {how}")
        return False

    # ---- Ctrl-V

    def takes(self, said: Act) -> bool:
        """Whether this input is ours: the V of a Ctrl-V that pastes what is not there yet."""
        if isinstance(said, ReleaseAll):
            self._held.clear()
            self._swallowed = False
            return False
        if not isinstance(said, Key):
            return False
        if said.name != "v":
            (self._held.add if said.down else self._held.discard)(said.name)
            return False
        if said.down and self._fresh and self._here is not None and self._held and self._held <= set(CONTROLS):
            if not self._swallowed:
                self._swallowed = True
                self._around.chore(self._work(self._paste))
            return True
        if not said.down and self._swallowed:
            self._swallowed = False
            return True
        return False

    async def _paste(self) -> None:
        if await self._send_ours("Press Ctrl-V again to send it."):
            held = bool(self._held & set(CONTROLS))
            keys = [Key("v", True), Key("v", False)]
            for key in keys if held else [Key("control_left", True), *keys, Key("control_left", False)]:
                self._around.act(key)
