"""`python -m rs_cli.viewer`: the window, fed through stdin, answering on stdout (see `pipe`).

It is started by `child`, not by a person; `rs_relay.glass.life` tells its exit statuses.
"""

from __future__ import annotations

import os
from typing import Any

from rs_cli.viewer import pipe
from rs_relay.glass.life import Kind, live

NO_TK = "Install Tk for this Python (on Debian and Ubuntu: `apt install python3-tk`), or use `rs screenshot`."
NO_DISPLAY = "Is DISPLAY right? `rs screenshot SESSION FILE.png` saves what the customer sees without a window."


def _load() -> Any:
    from rs_cli.viewer.window import Window

    def hidden(root: Any, say: Any) -> Any:
        root.withdraw()  # the session may still be on its way: what there is to see comes with the title
        return Window(root, say)

    return hidden


def _ready() -> pipe.Ready:
    from rs_relay.channels.screen.codecs import NAMES

    return pipe.Ready(NAMES)


KIND = Kind(
    _load, _ready, pipe.Cannot, pipe.to_viewer, pipe.TO_VIEWER, NO_TK, NO_DISPLAY, lambda window: window.bytes.count
)

if __name__ == "__main__":
    os._exit(live(KIND))
