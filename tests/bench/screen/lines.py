"""The lines that are measured over. `rtt` is the whole way there and back; half of it is waited on each way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`rate` in bits a second each way, None for as fast as this computer; `rtt` in seconds."""

    rate: float | None = None
    rtt: float = 0.0

    @property
    def slow(self) -> bool:
        """So slow that a picture takes seconds, and no film can be shown."""
        return self.rate is not None and self.rate < 200e3


LINES = {
    "lan": Line(),
    "rtt50": Line(rtt=0.05),
    "10m50": Line(10e6, 0.05),
    "1m50": Line(1e6, 0.05),
    # A modem answers in 200 ms, and not in the 50 of a wired line.
    "56k": Line(56e3, 0.2),
    "28k8": Line(28.8e3, 0.2),
}
