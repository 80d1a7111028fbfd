"""The clipboard through pyperclip, looked at twice a second while somebody watches: it tells of no changes itself.

`stamp` is a cheap number that grows with each change (Windows has one), so that looking need not read; where there is
none, the text itself is compared.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rs_agent.desktop.base import CLIPBOARD_LIMIT, ClipboardTooLarge
from rs_relay.clipboard.contents import Contents, Format, Raw, text_alone
from rs_relay.errors import LocalProblem

LOOK_EVERY = 0.5  # seconds


class PortableClipboard:
    def __init__(self, pyperclip: Any, stamp: Callable[[], int] | None = None) -> None:
        self._pyperclip, self._stamp = pyperclip, stamp
        self._lock = threading.Lock()
        self._ours = ""  # what we set last, and is no news
        self._stops: list[Callable[[], None]] = []

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        with self._lock:
            text = self._read()
        size = len(text.encode("utf-8", "replace"))
        if size > limit:
            raise ClipboardTooLarge(size)
        return text

    def _read(self) -> str:
        try:
            return str(self._pyperclip.paste() or "")
        except self._pyperclip.PyperclipException as e:
            raise LocalProblem("The clipboard of this computer cannot be read now.", "Try again.") from e

    def set(self, text: str) -> None:
        size = len(text.encode("utf-8", "replace"))
        if size > CLIPBOARD_LIMIT:
            raise ClipboardTooLarge(size)
        with self._lock:
            try:
                self._pyperclip.copy(text)
            except self._pyperclip.PyperclipException as e:
                raise LocalProblem("The clipboard of this computer cannot be set now.", "Try again.") from e
            self._ours = text

    def formats(self) -> frozenset[Format]:
        raise text_alone()

    def read(self, wanted: Format, limit: int) -> Raw | None:
        raise text_alone()

    def put(self, contents: Contents) -> None:
        raise text_alone()

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        stopped = threading.Event()
        args = (changed, stopped, self._look())
        threading.Thread(target=self._watch, args=args, name="rs-clipboard-watch", daemon=True).start()
        self._stops.append(stopped.set)
        return stopped.set

    def _look(self) -> int | str:
        """What is compared: the system's stamp, or the whole text."""
        if self._stamp is not None:
            return self._stamp()
        with self._lock:
            return self._read()

    def _watch(self, changed: Callable[[], None], stopped: threading.Event, seen: int | str) -> None:
        while not stopped.wait(LOOK_EVERY):
            try:
                now = self._look()
                news = now != seen and (now if isinstance(now, str) else self.get()) != self._ours
            except ClipboardTooLarge:
                news = True
            except LocalProblem:
                continue  # another program has it open just now: the next look will do
            seen = now
            if news:
                changed()

    def close(self) -> None:
        while self._stops:
            self._stops.pop()()
