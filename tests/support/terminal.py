"""A program in a real terminal: a pty, and pyte to see the screen as a person would. Answers are typed, not piped."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import pyte


class _Screen(pyte.Screen):
    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        if not private:  # else it is about keys (vim asks for them), which pyte takes for a mistake
            super().select_graphic_rendition(*attrs)


class Terminal:
    """Runs `command` on a pty of `columns` × `lines`. What it printed is kept whole in `text`."""

    def __init__(
        self,
        command: Sequence[str],
        env: dict[str, str],
        *,
        columns: int = 100,
        lines: int = 30,
        cwd: str | None = None,
    ) -> None:
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Condition()
        self._raw = bytearray()
        self._master = master
        self._gone = False
        self.process = subprocess.Popen(
            command,
            env={**env, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65536):
                with self._lock:
                    self._raw += data
                    self._stream.feed(data)
                    self._lock.notify_all()
        with self._lock:
            self._gone = True
            self._lock.notify_all()

    @property
    def text(self) -> str:
        """Everything printed so far, without colours and cursor movements."""
        with self._lock:
            raw = bytes(self._raw).decode("utf-8", "replace")
        return re.sub(r"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_]|[ -/][0-~])", "", raw)

    @property
    def screen(self) -> list[str]:
        """The lines that are on the screen now."""
        with self._lock:
            return list(self._screen.display)

    def wait_for(
        self, pattern: str, timeout: float = 30.0, *, on_screen: bool = False, after: int = 0
    ) -> re.Match[str]:
        """Wait until `pattern` has been printed (after position `after` of `text`), or is on the screen."""

        def look() -> re.Match[str] | None:
            text = "\n".join(self._screen.display) if on_screen else self.text[after:]
            return re.search(pattern, text)

        return self._wait(look, pattern, timeout)

    def _wait(self, look: Callable[[], re.Match[str] | None], what: str, timeout: float) -> re.Match[str]:
        deadline = time.monotonic() + timeout
        while True:
            if found := look():
                return found
            with self._lock:
                if self._gone and not look():
                    raise AssertionError(f"the program ended before it said {what!r}; it said:\n{self.text[-3000:]}")
                left = deadline - time.monotonic()
                if left <= 0:
                    shown = "\n".join(self._screen.display)
                    raise AssertionError(f"not said within {timeout:.0f} s: {what!r}; on the screen:\n{shown}")
                self._lock.wait(min(left, 0.2))

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait(self, timeout: float = 20.0) -> int:
        """The exit status."""
        status = self.process.wait(timeout)
        self._reader.join(5)
        return status

    def kill(self, how: int = signal.SIGKILL) -> None:
        """The whole process group, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.kill()
                self.process.wait(5)
        with contextlib.suppress(OSError):
            os.close(self._master)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
