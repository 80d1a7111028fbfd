"""Paths of this computer: completion for a line that asks for one, and the check that something is there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester

from rs_relay.errors import UsageError

MANY = 2000  # names looked at in one directory: a completion must come while one types


def existing(text: str) -> None:
    """Raises UsageError when there is nothing of that path here."""
    if not text.strip() or not os.path.lexists(Path(text).expanduser()):
        raise UsageError("There is no such file here.")


def complete(text: str) -> str | None:
    """`text` with the rest of the first name that begins so, a directory with its slash; None if there is none."""
    folder, slash, begun = text.rpartition("/")
    directory = Path(folder + slash or ".").expanduser()
    names = []
    try:
        with os.scandir(directory) as entries:
            for _, entry in zip(range(MANY), entries, strict=False):
                if entry.name.startswith(begun) and (begun.startswith(".") or not entry.name.startswith(".")):
                    names.append(entry.name + ("/" if entry.is_dir() else ""))
    except OSError:
        return None
    return folder + slash + min(names) if names and begun else None


class PathSuggester(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete, value)
