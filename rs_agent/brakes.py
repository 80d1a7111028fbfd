"""What slows a stranger down who talks somebody into helping them: SECURITY-DESIGN's scam brakes.

Nothing that acts upon the computer can be granted in the first seconds of a session: whoever is talked through it in a
hurry has a moment to read. And before this computer's first question ever, there is a warning to be read. An
administrator who has told people otherwise sets `brakes = false` in agent.toml.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rs_relay.link.spec import Permission

FILE = "warned"
DELAY = 10.0  # seconds of a session
POWERFUL = frozenset(
    {
        *(Permission.CONTROL, Permission.FILES, Permission.DISK, Permission.SHELL, Permission.TUNNEL),
        Permission.UNATTENDED,
    }
)


@dataclass(frozen=True)
class Brakes:
    """`folder`: where it is remembered that the warning was read. `delay`: seconds of a session in which nothing of
    POWERFUL can be granted."""

    folder: Path
    delay: float = DELAY

    def warn(self) -> bool:
        """Whether the warning is still to be read on this computer."""
        return not (self.folder / FILE).exists()

    def heeded(self) -> None:
        """It was read. Where that cannot be remembered, it is read again the next time."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.folder / FILE, os.O_CREAT | os.O_WRONLY, 0o600))
