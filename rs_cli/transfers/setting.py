"""How many transfers of one program go at once: RS_TRANSFERS, else one.

One after the other is as fast on a line that is full, and the first is there sooner.
"""

from __future__ import annotations

import os

from rs_relay.errors import UsageError

VARIABLE = "RS_TRANSFERS"
MOST = 16


def at_once() -> int:
    """Raises UsageError for what is no such number."""
    text = os.environ.get(VARIABLE, "") or "1"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise UsageError(f"{VARIABLE} is how many transfers go at once: 1 to {MOST}.")
    return int(text)
