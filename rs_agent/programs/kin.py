"""Who belongs to a program: by its session, by descent, and by a mark in the environment that the system keeps.

A shell's jobs have process groups of their own, and a daemon leaves session and parent behind; the mark is what it
was started with, and stays readable in /proc even then. A program that wipes it, too, is held by a cgroup alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MARK = "RS_PROGRAM"  # the one variable of ours that a program sees, as SSH_CONNECTION is sshd's


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    session: int
    marked: bool


def kin(leader: int, processes: Iterable[Process]) -> set[int]:
    """The pids that belong to the program whose first process is `leader`, itself included while it is there."""
    known = list(processes)
    found = {p.pid for p in known if leader in (p.pid, p.session, p.group) or p.marked}
    while more := {p.pid for p in known if p.parent in found} - found:
        found |= more
    return found


def running(mark: str, proc: Path = PROC) -> list[Process]:
    """The processes of this user now; `marked` are those with that mark. Empty where there is no /proc."""
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    found = []
    for folder in proc.iterdir() if proc.is_dir() else ():
        if not folder.name.isdigit():
            continue
        try:
            if folder.stat().st_uid != user:
                continue
            # the second field is the program's name in brackets, which may hold anything
            told = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2]
            state, parent, group, session = told.split()[:4]
        except (OSError, ValueError):
            continue  # it has just ended
        if state not in ("Z", "X"):
            found.append(Process(int(folder.name), int(parent), int(group), int(session), _marked(folder, mark)))
    return found


def _marked(folder: Path, mark: str) -> bool:
    try:
        return f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # of another user by now (sudo), or not to be looked into
