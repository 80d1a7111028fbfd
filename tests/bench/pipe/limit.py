"""What one core could do if there were nothing else to do: cipher, hash, and a copy through a loopback connection.

Cold, as a file of that size is: every step finds its bytes in memory, not in the cache. `end` is what one end of a
transfer must do with a byte at least (seal or open it, hash it, take its half of a copy through the loopback), `both`
what a core must do that plays both ends. The relay's second copy, the disk and the programs are not in it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.bench.pipe.ground import Ground
from tests.bench.pipe.table import Found, Row

PIECE = 256 * 1024
TOTAL = 256 * 1024 * 1024  # several times any cache


def measure(ground: Ground) -> Found:
    rates = seconds_a_byte()
    both = 1 / (rates["seal"] + rates["open"] + 2 * rates["hash"] + rates["loopback"])
    end = 1 / (rates["seal"] + rates["hash"] + rates["loopback"])
    rows = [Row(f"one core: {name}", f"{1e-6 / each:.0f} MB/s") for name, each in rates.items()]
    rows.append(Row("one core: both ends' cipher and hash, one copy", f"{both / 1e6:.0f} MB/s"))
    rows.append(Row("one core: one end's cipher and hash, one copy", f"{end / 1e6:.0f} MB/s"))
    return Found(rows, {"bytes_a_second": {"both": both, "end": end, **{k: 1 / v for k, v in rates.items()}}})


def seconds_a_byte() -> dict[str, float]:
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            return _measure()
        finally:
            os.sched_setaffinity(0, before)
    return _measure()


def _measure() -> dict[str, float]:
    data = memoryview(os.urandom(TOTAL))
    pieces = [data[at : at + PIECE] for at in range(0, TOTAL, PIECE)]
    cipher, nonce = AESGCM(os.urandom(32)), bytes(12)
    sealed = [cipher.encrypt(nonce, piece, None) for piece in pieces]
    into = bytearray(PIECE + 16)

    def through_loopback() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PIECE)
            other, _ = server.accept()
            with other:
                for piece in pieces:
                    one.sendall(piece)
                    left = PIECE
                    while left:
                        left -= other.recv_into(into, left)

    def seal() -> None:
        for piece in pieces:
            cipher.encrypt_into(nonce, piece, None, into)

    def unseal() -> None:
        for piece in sealed:
            cipher.decrypt(nonce, piece, None)

    def digest() -> None:
        for piece in pieces:
            hashlib.sha256(piece).digest()

    return {
        "seal": _each(seal),
        "open": _each(unseal),
        "hash": _each(digest),
        "loopback": _each(through_loopback),
    }


def _each(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best / TOTAL
