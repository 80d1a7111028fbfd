"""A TCP proxy in user space that stands for a line which loses packets: not every kernel can be told to.

Of each segment's worth of bytes LOSS is lost, and what is lost delays everything after it, as TCP delivers in order: by
a round trip where it is sent again at once, by RTO · 2^k where that is lost too. Nothing is reordered or changed.
"""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import threading
import time

SEGMENT = 1460
FLIGHT = 16 * SEGMENT  # bytes that go together: of all that is lost of them, the repeats go together too
RTO = 0.3  # seconds, of the first repeat of a repeat


class LossyProxy:
    """Listens on `port` from the start of the `with` to its end; `rtt` in seconds, both ways together."""

    def __init__(self, target: int, *, loss: float = 0.1, rtt: float = 0.2, seed: int = 1) -> None:
        self._target, self._loss, self._rtt = target, loss, rtt
        self._random = random.Random(seed)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.port: int = self._listening.getsockname()[1]
        self.bytes = 0

    def __enter__(self) -> LossyProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listening, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                self._ends += here, there
                for source, sink in ((here, there), (there, here)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    waiting: queue.Queue[tuple[float, bytes]] = queue.Queue(8)
                    threading.Thread(target=self._take, args=(source, waiting), daemon=True).start()
                    threading.Thread(target=self._deliver, args=(sink, waiting), daemon=True).start()

    def _take(self, source: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
        due = 0.0
        with contextlib.suppress(OSError):
            while data := source.recv(FLIGHT):
                due = max(time.monotonic() + self._rtt / 2, due) + self._delay(len(data))
                waiting.put((due, data))
        waiting.put((due, b""))

    def _delay(self, size: int) -> float:
        lost = sum(self._random.random() < self._loss for _ in range(-(-size // SEGMENT)))
        delay = self._rtt if lost else 0.0
        again = 0
        while lost and again < 4 and any(self._random.random() < self._loss for _ in range(lost)):
            delay += RTO * 2**again
            lost, again = 1, again + 1
        return delay

    def _deliver(self, sink: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                sink.sendall(data)
                self.bytes += len(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
