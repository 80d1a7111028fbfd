"""A computer in memory for diagnostics, and programs on PATH that stand in for a system's own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rs_agent.system.base import Facts, Notable
from rs_relay.channels.logs import Entry, Read
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service
from rs_relay.errors import NoSuchSession, RsError


@dataclass
class FakeMachine:
    """Services are switched as told, the log is what was written; `more` is followed."""

    names: dict[str, str] = field(default_factory=lambda: {"cron": "active", "ssh": "failed"})
    written: list[Entry] = field(default_factory=list)
    more: asyncio.Queue[Entry] = field(default_factory=asyncio.Queue)
    refusal: RsError | None = None
    reading: int = 0  # logs that are being read now
    source: str = "journal"

    def facts(self) -> Facts:
        return Facts("Test 1", "Processor", ("192.0.2.1 (eth0)",), ("192.0.2.53",), "GNOME", "x11")

    async def notable(self) -> Notable:
        return Notable(True, ("linux",), 3, ("ssh",), ("kernel: bad",))

    def services(self) -> FakeMachine:
        return self

    def log(self) -> FakeMachine:
        if self.refusal:
            raise self.refusal
        return self

    async def listed(self, name: str = "") -> list[Service]:
        if name and name not in self.names:
            raise NoSuchSession("There is no such service.")
        each = {name: self.names[name]} if name else self.names
        return [Service(n, "text", state, "", "", "system", 0) for n, state in each.items()]

    async def switch(self, name: str, action: Action, user: bool) -> str:
        if self.refusal:
            raise self.refusal
        self.names[name] = {"start": "active", "stop": "inactive"}.get(str(action), "active")
        return self.names[name]

    async def read(self, wanted: Read) -> AsyncIterator[Entry]:
        self.reading += 1
        try:
            for entry in self.written[-wanted.lines :]:
                yield entry
            while wanted.follow:
                yield await self.more.get()
        finally:
            self.reading -= 1


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """Programs of these names (`_` for `-`) first on PATH; each notes its arguments in `folder`/asked."""
    for name, script in scripts.items():
        program = folder / name.replace("_", "-")
        program.write_text(f'#!/bin/sh\necho "$(basename "$0") $*" >> "{folder}/asked"\n{script}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder / "asked"
