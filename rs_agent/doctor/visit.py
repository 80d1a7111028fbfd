"""A whole visit: which looks there are, and what they have seen."""

from __future__ import annotations

from functools import partial

from rs_agent.config import Config
from rs_agent.doctor.looks import SECONDS, computer, look, way
from rs_relay.errors import RsError


def facts(settings: Config, problem: RsError | None = None, seconds: float = SECONDS) -> dict[str, object]:
    """By the names that probes know them by. `problem`: why `settings` are not those of the files."""
    seen = look(
        {
            "way": partial(way.see, settings.relay, settings.proxy),
            "desk": partial(computer.desk, settings.desktop),
            "login": computer.login,
            "faces": computer.faces,
            "program": computer.program,
            "state": partial(computer.room, settings.state, settings.journal),
            "folder": partial(computer.room, settings.folder),
            "rights": computer.rights,
            "serving": computer.serving,
            "device": partial(computer.device, settings.state),
            "restart": computer.restart,
            "tools": computer.tools,
        },
        seconds,
    )
    both = seen["way"]
    seen["way"], seen["clock"] = both if isinstance(both, tuple) else (both, both)
    return {"chosen": problem or computer.chosen(settings), **seen}
