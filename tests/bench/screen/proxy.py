"""A counting, throttling TCP proxy in user space, in a process of its own.

    with Proxy(port, LINES["56k"]) as proxy:
        … a viewer connects to proxy.port …
        proxy.down, proxy.up          bytes handed on so far, server → viewer and viewer → server

Each direction is one *lane*: a bottleneck that takes bytes one after the other, with a bounded buffer before it, then a
fixed delay. All connections share the two lanes, as programs share a modem: a file that is sent beside the screen is in
its way. Only what was handed on is counted, TCP's own headers are not.
"""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from types import TracebackType

from tests.bench.screen.lines import Line

DOWN, UP, CLOCK = 0, 1, 2  # what the shared counters hold; CLOCK: when bytes last began to come down, in nanoseconds
BUFFER = (
    8192,
    0.25,
)  # before the bottleneck: bytes, or seconds of the line's rate if that is more; as a sane modem has
SLICE = 0.02  # seconds of the line's rate that are read at once, so that two connections take turns
QUIET = 0.05  # seconds: bytes after so long a silence begin something new


@dataclass
class Lane:
    """One direction's bottleneck. `free` is when it will have sent all that it took."""

    line: Line
    free: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def at_once(self) -> int:
        """Bytes to read at once."""
        return 262144 if self.line.rate is None else max(256, min(65536, int(self.line.rate / 8 * SLICE)))

    def take(self, size: int, now: float) -> tuple[float, float]:
        """(when these bytes arrive at the other end, how long to read no further because the buffer is full)."""
        rate = self.line.rate
        if rate is None:
            return now + self.line.rtt / 2, 0.0
        with self.lock:
            self.free = max(self.free, now) + size * 8 / rate
            full = max(BUFFER[0] * 8 / rate, BUFFER[1])
            return self.free + self.line.rtt / 2, max(0.0, self.free - now - full)


class _Pipe:
    """One connection's one direction: reads into the lane, writes when the lane says."""

    def __init__(self, source: socket.socket, sink: socket.socket, lane: Lane, counts: MutableSequence[int], way: int):
        self._source, self._sink, self._lane, self._counts, self._way = source, sink, lane, counts, way
        self._queue: collections.deque[tuple[float, bytes]] = collections.deque()
        self._ready = threading.Condition()
        self._ended = False
        self._last = 0.0
        straight = lane.line == Line()
        for work in (self._straight,) if straight else (self._read, self._write):
            threading.Thread(target=work, daemon=True).start()

    def _straight(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._source.recv(self._lane.at_once):
                self._hand_on(data)
        self._close()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._source.recv(self._lane.at_once):
                due, pause = self._lane.take(len(data), time.monotonic())
                with self._ready:
                    self._queue.append((due, data))
                    self._ready.notify()
                if pause:
                    time.sleep(pause)
        with self._ready:
            self._ended = True
            self._ready.notify()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while piece := self._next():
                due, data = piece
                time.sleep(max(0.0, due - time.monotonic()))
                self._hand_on(data)
        self._close()

    def _next(self) -> tuple[float, bytes] | None:
        with self._ready:
            self._ready.wait_for(lambda: self._queue or self._ended)
            return self._queue.popleft() if self._queue else None

    def _hand_on(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._way == DOWN and now - self._last > QUIET:
            self._counts[CLOCK] = int(now * 1e9)
        self._last = now
        self._sink.sendall(data)
        self._counts[self._way] += len(data)

    def _close(self) -> None:
        for end in (self._sink, self._source):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _bound(end: socket.socket, line: Line) -> None:
    """The kernel's own buffer must not hide the bottleneck's."""
    if line.rate is not None:
        size = max(4096, min(1 << 20, int(line.rate / 8 * max(line.rtt, 0.05))))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def _serve(listening: socket.socket, target: int, line: Line, counts: MutableSequence[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    down, up = Lane(line), Lane(line)
    while True:
        viewer, _ = listening.accept()
        server = socket.socket()
        for end in (viewer, server):
            _bound(end, line)
        try:
            server.connect(("127.0.0.1", target))
        except OSError:
            viewer.close()
            continue
        for end in (viewer, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _Pipe(viewer, server, up, counts, UP)
        _Pipe(server, viewer, down, counts, DOWN)


class Proxy:
    """Listens on `port` from the start of the `with` to its end."""

    def __init__(self, target: int, line: Line) -> None:
        self._listening = socket.socket()
        _bound(self._listening, line)  # what is accepted inherits it, before the window is told
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(8)
        self.port: int = self._listening.getsockname()[1]
        spawn = multiprocessing.get_context("spawn")
        self._counts = spawn.Array("Q", 3, lock=False)
        self._process = spawn.Process(target=_serve, args=(self._listening, target, line, self._counts), daemon=True)

    @property
    def down(self) -> int:
        return int(self._counts[DOWN])

    @property
    def up(self) -> int:
        return int(self._counts[UP])

    @property
    def began(self) -> float:
        """When bytes last came down after a silence, on the clock of time.perf_counter()."""
        return int(self._counts[CLOCK]) / 1e9

    def quiet(self, hold: float, limit: float, at_most: int = 200) -> bool:
        """Waits until no more than `at_most` bytes came down in `hold` seconds; False after `limit` seconds."""
        begun = since = time.monotonic()
        seen = self.down
        while time.monotonic() - begun < limit:
            time.sleep(0.1)
            if self.down - seen > at_most:
                seen, since = self.down, time.monotonic()
            elif time.monotonic() - since > hold:
                return True
        return False

    def __enter__(self) -> Proxy:
        self._process.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.join(5)
        self._listening.close()
