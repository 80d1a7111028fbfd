"""Figures of this very computer: they are there quickly, and they are right where that can be told."""

from __future__ import annotations

import os
import threading
import time
from collections import namedtuple
from typing import Any

import psutil
import pytest

from rs_agent.system import figures


def test_who_works_is_seen_to_work() -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            sum(range(1000))

    worker = threading.Thread(target=work)
    shares = figures.Shares()
    worker.start()
    percent, each = shares.second(0.5)
    over.set()
    worker.join()
    me = next(share for (pid, _), share in each.items() if pid == os.getpid())
    assert 5 < me < 250
    assert 0 < percent <= 100


def test_this_process_is_among_them() -> None:
    me = next(process for process in figures.processes({}) if process.pid == os.getpid())
    assert me.parent == os.getppid()
    assert abs(me.started - psutil.Process().create_time()) < 0.02
    assert me.memory > 1_000_000
    assert me.cpu == 0.0
    assert len(me.command) <= figures.COMMAND


def test_many_look_at_once() -> None:
    """psutil keeps what it has read on objects that all share."""
    failed: list[Exception] = []

    def look() -> None:
        try:
            for _ in range(5):
                figures.processes(figures.Shares().second(0.0)[1])
        except Exception as error:
            failed.append(error)

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for each in lookers:
        each.start()
    for each in lookers:
        each.join()
    assert failed == []


def test_the_rest() -> None:
    memory = figures.memory()
    assert 0 < memory.available <= memory.total
    assert any(disk.mount == "/" and disk.total >= disk.free > 0 for disk in figures.disks()) or not figures.disks()
    assert len({disk.device for disk in figures.disks()}) == len(figures.disks())
    lo = next(each for each in figures.interfaces() if each.name == "lo")
    assert (lo.up, lo.mac, "127.0.0.1/8" in lo.addresses) == (True, "", True)
    assert figures.booted() < time.time()
    assert figures.cpu("x", 12.34).percent == 12.3


def test_batteries_and_heat_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    battery = namedtuple("battery", "percent secsleft power_plugged")
    heat = namedtuple("heat", "label current high critical")
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery(81.26, psutil.POWER_TIME_UNLIMITED, True))
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: {"coretemp": [heat("Package", 51.04, 90, 100)]})
    assert figures.battery() == figures.Battery(81.3, True, None)
    assert figures.temperatures() == (figures.Temperature("coretemp Package", 51.0),)

    def none() -> Any:
        raise OSError

    monkeypatch.setattr(psutil, "sensors_battery", none)
    monkeypatch.delattr(psutil, "sensors_temperatures")
    assert (figures.battery(), figures.temperatures()) == (None, ())


@pytest.mark.parametrize(
    ("address", "mask", "text"),
    [
        ("10.0.0.5", "255.255.255.0", "10.0.0.5/24"), ("10.0.0.5", None, "10.0.0.5"),
        ("fd00::2", "ffff:ffff:ffff:ffff::", "fd00::2/64"), ("10.0.0.5", "rubbish", "10.0.0.5"),
    ],
)  # fmt: skip
def test_prefixes(address: str, mask: str | None, text: str) -> None:
    assert figures._with_prefix(address, mask) == text
