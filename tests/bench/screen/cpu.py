"""The CPU that a process and all below it used so far."""

from __future__ import annotations

import contextlib

import psutil


def seconds(pid: int) -> float:
    """0 for a process that is gone."""
    used = 0.0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = each.cpu_times()
                used += times.user + times.system
    return used
