"""The relay's splice against forwarding frame by frame with websockets, in one run on this machine.

    python -m tests.bench.splice [--seconds 2] [--json]

Each variant runs in a process of its own; two bare sockets (no websocket library at the ends, so that the ends do not
set the pace) send and read. Throughput: one end sends as fast as it may. Latency: a message every 2 ms there and back
over the idle relay. Ratios of one run mean something; the absolute figures are this machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.sync.client import connect

from rs_relay.server.app import Relay
from rs_relay.server.config import Address, Config
from rs_relay.wire import codec
from rs_relay.wire.limits import LINK_MESSAGE
from rs_relay.wire.messages import VERSION, AskSlot, Attach, Hello, Join

SIZES = (1024, 64 * 1024, 256 * 1024)
MASK = b"\x37\xfa\x21\x3d"
NO_MASK = b"\0\0\0\0"


def frame(size: int, mask: bytes) -> bytes:
    """A masked binary frame. Its payload does not matter: only that the relay has to unmask it."""
    if size < 65536:
        header = bytes((0x82, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((0x82, 0x80 | 127)) + size.to_bytes(8, "big")
    return header + mask + os.urandom(size)


def unmasked_size(size: int) -> int:
    return size + (4 if size < 65536 else 10)


# The two relays


async def our_relay(ready: Callable[[str], None]) -> None:
    relay = Relay(Config(listen=(Address("127.0.0.1", 0),), open=True))
    await relay.start()
    ready(relay.urls[0])
    await asyncio.Event().wait()


async def plain_relay(ready: Callable[[str], None]) -> None:
    """What one would write first: two websockets, and a loop from each to the other."""
    waiting: list[ServerConnection] = []
    other: dict[ServerConnection, asyncio.Future[ServerConnection]] = {}

    async def link(one: ServerConnection) -> None:
        other[one] = asyncio.get_running_loop().create_future()
        if waiting:
            two = waiting.pop()
            other[one].set_result(two)
            other[two].set_result(one)
        else:
            waiting.append(one)
        to = await other[one]
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in one:
                await to.send(message)

    async with serve(link, "127.0.0.1", 0, compression=None, max_size=LINK_MESSAGE, ping_interval=None) as server:
        ready(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await asyncio.Event().wait()


def _run(which: str, pipe: multiprocessing.connection.Connection) -> None:
    asyncio.run({"ours": our_relay, "plain": plain_relay}[which](pipe.send))


@contextlib.contextmanager
def relay_of(which: str) -> Iterator[str]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(which, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


# The two ends


def upgraded(url: str, path: str) -> socket.socket:
    host, port = url.removeprefix("ws://").split(":")
    raw = socket.create_connection((host, int(port)))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.sendall(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += raw.recv(1)
    if b" 101 " not in head:
        raise RuntimeError(head.decode())
    return raw


def attached(url: str, ticket: str) -> socket.socket:
    raw = upgraded(url, "/link")
    text = codec.encode(Attach(ticket)).encode()
    raw.sendall(
        bytes((0x81, 0x80 | len(text))) + NO_MASK + text
        if len(text) < 126
        else b"".join((bytes((0x81, 0x80 | 126)), len(text).to_bytes(2, "big"), NO_MASK, text))
    )
    return raw


@contextlib.contextmanager
def ends(which: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    with relay_of(which) as url, contextlib.ExitStack() as stack:
        if which == "ours":
            host = stack.enter_context(connect(url + "/host", proxy=None))
            control = stack.enter_context(connect(url + "/control", proxy=None))
            host.send(codec.encode(Hello(VERSION, "a" * 32, "b" * 64)))
            control.send(codec.encode(Hello(VERSION)))
            host.recv(), control.recv()
            host.send(codec.encode(AskSlot(1)))
            control.send(codec.encode(Join(1, json.loads(host.recv())["slot"])))
            tickets = (json.loads(control.recv())["ticket"], json.loads(host.recv())["ticket"])
            one, two = (stack.enter_context(attached(url, ticket)) for ticket in tickets)
            for raw in (one, two):
                joined = raw.recv(2 + 17)
                if b"joined" not in joined:
                    raise RuntimeError(repr(joined))
        else:
            one, two = (stack.enter_context(upgraded(url, "/")) for _ in range(2))
            time.sleep(0.1)
        yield one, two


def throughput(which: str, size: int, seconds: float, mask: bytes) -> float:
    """MB/s of payload."""
    with ends(which) as (one, two):
        pid = os.fork()
        if pid == 0:  # the sender, a process of its own
            packet = frame(size, mask) * max(1, 256 * 1024 // size)
            with contextlib.suppress(OSError):
                while True:
                    one.sendall(packet)
            os._exit(0)
        try:
            buffer = bytearray(1 << 20)
            warm = time.perf_counter() + 0.2
            while time.perf_counter() < warm:
                two.recv_into(buffer)
            count, start = 0, time.perf_counter()
            while (now := time.perf_counter()) < start + seconds:
                count += two.recv_into(buffer)
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        return count * size / unmasked_size(size) / (now - start) / 1e6


def latency(which: str, size: int, seconds: float) -> tuple[float, float]:
    """(p50, p99) of there and back, in milliseconds."""
    with ends(which) as (one, two):
        packet, length = frame(size, MASK), unmasked_size(size)
        times: list[float] = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            for here, there in ((one, two), (two, one)):
                here.sendall(packet) if size < 100_000 else _send_beside(here, packet)
                _receive(there, length)
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.002)
        cuts = statistics.quantiles(times, n=100)
        return cuts[49], cuts[98]


def _send_beside(raw: socket.socket, packet: bytes) -> None:
    """A large packet would fill the sockets before anybody reads: enlarge them instead of starting a thread."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * len(packet))
    raw.sendall(packet)


def _receive(raw: socket.socket, length: int) -> None:
    while length:
        length -= len(raw.recv(length))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for size in SIZES:
        row: dict[str, float] = {"size": size}
        for name, which, mask in (("ours", "ours", MASK), ("zero-mask", "ours", NO_MASK), ("plain", "plain", MASK)):
            row[name] = throughput(which, size, options.seconds, mask)
        for which in ("ours", "plain"):
            row[f"{which}-p50"], row[f"{which}-p99"] = latency(which, size, options.seconds)
        rows.append(row)
    if options.json:
        print(json.dumps(rows))
        return
    print("            throughput, MB/s                          there and back, ms (p50 / p99)")
    print("  size      splice  zero mask  frame by frame  ratio   splice           frame by frame   ratio")
    for row in rows:
        print(
            f"{int(row['size']) // 1024:>4} KiB  {row['ours']:>8.0f}  {row['zero-mask']:>9.0f}  {row['plain']:>14.0f}"
            f"  {row['ours'] / row['plain']:>5.1f}   {row['ours-p50']:.3f} / {row['ours-p99']:.3f}"
            f"    {row['plain-p50']:.3f} / {row['plain-p99']:.3f}    {row['ours-p50'] / row['plain-p50']:.2f}"
        )


if __name__ == "__main__":
    main()
