"""What a desktop remembers the person's yes by, kept for the next time: one private file. Whoever has it and can speak
to this desktop as this user sees and types without a question, so it is kept only where nobody is there to answer one.
"""

from __future__ import annotations

from pathlib import Path

from rs_agent.machine.disk import drop, keep
from rs_agent.unattended import identity
from rs_relay.errors import LocalProblem

FILE = "desktop-leave"
MOST = 256  # a desktop's token is some 36 characters


class Memory:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def read(self) -> str:
        """'' where there is none. Never raises: the person is asked then."""
        try:
            told = identity.read_private(self._file)
            text = (told or b"").decode("ascii")
        except (LocalProblem, UnicodeDecodeError):
            return ""
        return text if len(text) <= MOST and text.isprintable() else ""

    def write(self, token: str) -> None:
        """'' forgets."""
        if token:
            keep(self._file, token.encode())
        else:
            drop(self._file)
