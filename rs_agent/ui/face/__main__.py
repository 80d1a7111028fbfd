"""`python -m rs_agent.ui.face`: the customer's window, fed through stdin, answering on stdout (see `pipe`).

It is started by `child`, not by a person; `rs_relay.glass.life` tells its exit statuses.
"""

from __future__ import annotations

import os
from typing import Any

from rs_agent.ui.face import pipe
from rs_relay.glass.life import Kind, live


def _load() -> Any:
    from rs_agent.ui.face.window import Window

    return Window


if __name__ == "__main__":
    os._exit(live(Kind(_load, pipe.Ready, pipe.Cannot, pipe.to_window, pipe.TO_WINDOW)))
