"""A file over a line that loses packets.

    python -m tests.bench.losses [--loss 0.1] [--rtt 0.2] [--size 600000] [--rounds 3] [--tcp cubic]

tests/support/lossy.py delays a stream as a loss would; here real packets are lost, and what answers is the kernel's own
TCP, with its windows and its repeats. The line is a TUN device of a network namespace of its own, so this needs root,
`ip`, `nft` and /dev/net/tun. A plain copy goes over it first, then `rs send-file` of the same size.

    a caller of 127.0.0.1:PORT + 1 → 10.77.0.2 (nft) → the device → lost, or after rtt / 2 → 127.0.0.1:PORT
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from tests.support.stage import RsStage

INSIDE = "--inside"  # this is the run in the namespace
DEVICE, HERE, THERE, CALLER, LOOP = "line", "10.77.0.1", "10.77.0.2", "10.77.0.3", "127.0.0.1"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
TCP, MTU = 6, 1500

# An open relay takes nobody but callers of this computer, and what those say goes over no device by itself.
SET_UP = f"""\
ip link set lo up
ip address add {HERE}/24 dev {DEVICE}
ip link set {DEVICE} up mtu {MTU}
ip route replace {HERE[:-1]}0/24 dev {DEVICE} congctl %(tcp)s
ip route replace local {LOOP} dev lo table local proto kernel scope host src {LOOP} congctl %(tcp)s
sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.{DEVICE}.rp_filter=0
"""
RULES = f"""\
table ip line {{
    chain calls {{
        type nat hook output priority -100
        ip daddr {LOOP} tcp dport %(door)d dnat to {THERE}:%(port)d
    }}
    chain leaves {{
        type nat hook postrouting priority 100
        ip daddr {THERE} snat to {HERE}
    }}
    chain comes {{
        type nat hook input priority 100
        ip saddr {CALLER} snat to {LOOP}
    }}
}}
"""


def _sum(words: bytes) -> int:
    return sum(struct.unpack(f">{len(words) // 2}H", words))


def readdress(packet: bytes, source: bytes, target: bytes) -> bytes:
    """An IPv4 packet with other addresses, its checksums those of before but for the difference (RFC 1624)."""
    made = bytearray(packet)
    made[12:20] = source + target
    head = 4 * (packet[0] & 15)
    for at in (10, head + 16) if packet[9] == TCP else (10,):
        total = (~struct.unpack_from(">H", packet, at)[0] & 0xFFFF) + _sum(bytes(made[12:20]))
        total += sum(~word & 0xFFFF for word in struct.unpack(">4H", packet[12:20]))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into(">H", made, at, ~total & 0xFFFF)
    return bytes(made)


class LosingLine:
    """Between 127.0.0.1:`port` and who calls 127.0.0.1:`door`, from the start of the `with` to its end."""

    def __init__(self, loss: float, rtt: float, tcp: str) -> None:
        self._loss, self._rtt, self._dice = loss, rtt, random.Random(1)
        self.packets = self.lost = 0
        self._over = False
        self._device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self._device, TUNSETIFF, struct.pack("16sH", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
        for command in (SET_UP % {"tcp": tcp}).splitlines():
            subprocess.run(command.split(), check=True)
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def door(self, port: int) -> int:
        """Where `port` is reached by way of the line; one at a time."""
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["nft", "-f", "-"], input=RULES % {"door": port + 1, "port": port}, text=True, check=True)
        return port + 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()
        os.close(self._device)

    def _carry(self) -> None:
        here, there, caller, loop = map(socket.inet_aton, (HERE, THERE, CALLER, LOOP))
        ways = {there: (caller, loop), caller: (there, here)}
        waiting: list[tuple[float, int, bytes]] = []
        order = itertools.count()
        while not self._over:
            while waiting and waiting[0][0] <= time.monotonic():
                os.write(self._device, heapq.heappop(waiting)[2])
            pause = min(0.1, max(0.0, waiting[0][0] - time.monotonic())) if waiting else 0.1
            select.select([self._device], [], [], pause)
            with contextlib.suppress(BlockingIOError):
                packet = os.read(self._device, 2 * MTU)
                way = ways.get(packet[16:20]) if packet[0] >> 4 == 4 else None
                if way is None:
                    continue
                self.packets += 1
                if self._dice.random() < self._loss:
                    self.lost += 1
                else:
                    due = time.monotonic() + self._rtt / 2
                    heapq.heappush(waiting, (due, next(order), readdress(packet, *way)))


def _plain(line: LosingLine, size: int) -> float:
    """Seconds of a copy that does nothing else."""
    listening = socket.create_server((LOOP, 0))

    def take() -> None:
        taken, _ = listening.accept()
        while taken.recv(65536):
            pass
        taken.close()

    taking = threading.Thread(target=take)
    taking.start()
    began = time.monotonic()
    with listening, socket.create_connection((LOOP, line.door(listening.getsockname()[1]))) as calling:
        calling.sendall(bytes(size))
        calling.shutdown(socket.SHUT_WR)
        taking.join()
    return time.monotonic() - began


def _rs(stage: RsStage, path: Path) -> tuple[float, float]:
    """Seconds of `rs send-file` from its first bytes at the customer's on, and the longest in which none came."""
    inbox = stage.home / "Downloads" / "rs"
    sending = stage.begin("send-file", stage.session, str(path))
    seen, since, first, longest = 0, 0.0, 0.0, 0.0
    while sending.poll() is None:
        now, there = time.monotonic(), 0
        with contextlib.suppress(FileNotFoundError):  # renamed meanwhile
            there = sum(part.stat().st_size for part in inbox.glob(".rs-part-*"))
        if there != seen:
            first, longest = first or now, max(longest, now - (since or now))
            seen, since = there, now
        time.sleep(0.02)
    ended = time.monotonic()
    if sending.returncode or (inbox / path.name).read_bytes() != path.read_bytes():
        raise RuntimeError(sending.communicate()[1] or "the file is not equal")
    return ended - first, longest


def _measure(options: argparse.Namespace) -> None:
    with LosingLine(options.loss, options.rtt, options.tcp) as line, RsStage() as stage:
        for _ in range(options.rounds):
            print(f"plain copy    {options.size / _plain(line, options.size) / 1e3:6.1f} kB/s", flush=True)
        stage.technician["RS_RELAY"] = f"http://{LOOP}:{line.door(stage.port)}"
        stage.start_agent("--desktop", "headless", allow="files")
        stage.join()
        for number in range(options.rounds):
            path = stage.folder / f"file{number}.bin"
            path.write_bytes(os.urandom(options.size))
            took, longest = _rs(stage, path)
            print(f"rs send-file  {options.size / took / 1e3:6.1f} kB/s, longest rest {longest:.1f} s", flush=True)
        print(f"{line.lost} of {line.packets} packets lost, {options.tcp}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--loss", type=float, default=0.1)
    parser.add_argument("--rtt", type=float, default=0.2, help="seconds")
    parser.add_argument("--size", type=int, default=600_000, help="bytes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tcp", default="cubic", help="what the kernel has: cubic, bbr, reno")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        again = ["unshare", "--net", sys.executable, "-m", "tests.bench.losses", *sys.argv[1:], INSIDE]
        return subprocess.run(again, check=False).returncode
    _measure(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
