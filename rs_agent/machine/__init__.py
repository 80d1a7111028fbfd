"""The computer itself behind one small interface (`base`): this boot, a restart, what runs at the next start."""

from __future__ import annotations

import sys

from rs_agent.machine.base import Computer


def computer() -> Computer:
    """The one that this runs on."""
    if sys.platform == "win32":
        from rs_agent.machine.windows import Windows

        return Windows()
    if sys.platform == "darwin":
        from rs_agent.machine.macos import MacOs

        return MacOs()
    from rs_agent.machine.linux import Linux

    return Linux()
