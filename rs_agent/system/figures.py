"""What psutil measures, on any system. Blocking: called in a thread.

A processor's share needs two looks. The first is taken at the start, everything else is collected meanwhile, and the
second when APART has passed: so the first figures are there in a quarter of a second, and are of this moment.
"""

from __future__ import annotations

import ipaddress
import os
import platform
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil

from rs_relay.channels.sysinfo import (
    COMMAND,
    Battery,
    Cpu,
    Disk,
    Interface,
    Memory,
    Process,
    Temperature,
    User,
)

APART = 0.2  # seconds
TEXT = 200  # characters of a name
MANY = 64  # disks, interfaces, users, temperatures

_PLAIN = ["pid", "ppid", "name", "username", "status", "create_time", "memory_info", "num_threads", "cmdline"]
# A kernel's own file systems, and images that are always full: no room that anybody could use up.
_NO_DISKS = frozenset(
    {"squashfs", "overlay", "tmpfs", "devtmpfs", "proc", "sysfs", "cgroup2", "autofs", "nsfs", "fuse.portal"}
)
_looking = threading.Lock()  # psutil keeps one object a process, and what is read of it lies there


class Shares:
    """Two looks at who uses the processors."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock()
        self._all = psutil.cpu_times()
        self._each = self._used()

    def second(self, apart: float = APART) -> tuple[float, dict[tuple[int, float], float]]:
        """Waits until `apart` has passed since the first. (Percent of all processors together; percent of one
        processor by (pid, start))."""
        time.sleep(max(0.0, self._at + apart - self._clock()))
        now = psutil.cpu_times()
        total = sum(now) - sum(self._all)
        idle = now.idle - self._all.idle + getattr(now, "iowait", 0.0) - getattr(self._all, "iowait", 0.0)
        whole = 100 * (total - idle) / total if total > 0 else 0.0
        each = {}
        for key, (used, at) in self._used().items():
            before, since = self._each.get(key, (used, at))
            each[key] = 100 * max(used - before, 0.0) / max(at - since, 0.001)
        return min(max(whole, 0.0), 100.0), each

    def _used(self) -> dict[tuple[int, float], tuple[float, float]]:
        """Seconds of a processor so far, and when that was read, by (pid, start): on a busy computer the last is read
        long after the first."""
        with _looking:
            return {
                (process.info["pid"], process.info["create_time"] or 0.0): (times.user + times.system, self._clock())
                for process in psutil.process_iter(["pid", "create_time", "cpu_times"])
                if (times := process.info["cpu_times"]) is not None
            }


def processes(each: dict[tuple[int, float], float]) -> list[Process]:
    """All of them; `each` from `Shares.second`."""
    with _looking:
        return [_process(process.info, each) for process in psutil.process_iter(_PLAIN)]


def _process(info: dict[str, Any], each: dict[tuple[int, float], float]) -> Process:
    started, memory = info["create_time"] or 0.0, info["memory_info"]
    return Process(
        info["pid"],
        info["ppid"] or 0,
        (info["name"] or "")[:TEXT],
        (info["username"] or "")[:TEXT],
        info["status"] or "",
        started,
        round(each.get((info["pid"], started), 0.0), 1),
        memory.rss if memory else 0,
        info["num_threads"] or 0,
        " ".join(info["cmdline"] or ())[:COMMAND],
    )


def cpu(model: str, percent: float) -> Cpu:
    load: tuple[float, ...] = ()
    with suppress(OSError, AttributeError):
        load = tuple(round(value, 2) for value in os.getloadavg())
    threads = psutil.cpu_count() or 1
    return Cpu(model[:TEXT], psutil.cpu_count(logical=False) or threads, threads, round(percent, 1), load)


def memory() -> Memory:
    of, swap = psutil.virtual_memory(), None
    with suppress(OSError, RuntimeError):
        swap = psutil.swap_memory()
    return Memory(of.total, of.available, swap.total if swap else 0, swap.used if swap else 0)


def disks() -> tuple[Disk, ...]:
    """Each device once. One that does not answer is left out."""
    found: dict[str, Disk] = {}
    for part in psutil.disk_partitions():
        if part.fstype in _NO_DISKS or part.device in found or len(found) >= MANY:
            continue
        with suppress(OSError):
            use = psutil.disk_usage(part.mountpoint)
            read_only = "ro" in part.opts.split(",")
            found[part.device] = Disk(part.device, part.mountpoint, part.fstype, use.total, use.free, read_only)
    return tuple(found.values())


def interfaces() -> tuple[Interface, ...]:
    stats, counts = psutil.net_if_stats(), psutil.net_io_counters(pernic=True)
    found = []
    for name, each in list(psutil.net_if_addrs().items())[:MANY]:
        addresses = tuple(
            _with_prefix(a.address, a.netmask) for a in each if a.family in (socket.AF_INET, socket.AF_INET6)
        )
        mac = next((a.address for a in each if a.family == psutil.AF_LINK), "")
        stat, count = stats.get(name), counts.get(name)
        found.append(
            Interface(
                name[:TEXT],
                bool(stat and stat.isup),
                max(stat.speed, 0) if stat else 0,
                "" if set(mac) <= set("0:") else mac,
                addresses[:MANY],
                count.bytes_recv if count else 0,
                count.bytes_sent if count else 0,
            )
        )
    return tuple(found)


def users() -> tuple[User, ...]:
    return tuple(User(u.name, u.terminal or "", u.host or "", u.started) for u in psutil.users()[:MANY])


def battery() -> Battery | None:
    with suppress(OSError, AttributeError):
        if found := psutil.sensors_battery():
            left = int(found.secsleft) if found.secsleft is not None and found.secsleft > 0 else None
            return Battery(round(found.percent, 1), bool(found.power_plugged), left)
    return None


def temperatures() -> tuple[Temperature, ...]:
    with suppress(OSError, AttributeError):  # not on every system
        read: dict[str, list[psutil._ntuples.shwtemp]] = psutil.sensors_temperatures()
        return tuple(
            Temperature(f"{chip} {each.label}".strip()[:TEXT], round(each.current, 1))
            for chip, sensors in read.items()
            for each in sensors
        )[:MANY]
    return ()


def booted() -> float:
    return psutil.boot_time()


def kernel() -> str:
    return f"{platform.system()} {platform.release()}"


def _with_prefix(address: str, mask: str | None) -> str:
    if mask is None:
        return address
    with suppress(ValueError):
        if ":" in mask:
            return f"{address}/{int(ipaddress.ip_address(mask)).bit_count()}"
        return f"{address}/{ipaddress.ip_network('0.0.0.0/' + mask).prefixlen}"
    return address
