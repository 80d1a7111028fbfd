"""Looks: each sees one thing of this computer, in a thread of its own, and is not waited for longer than the others.

A look changes nothing. An error of rs's that it meets is a fact like others; any other of the system's means that the
thing is not there to be seen, and is told as such.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from rs_agent.language import N_
from rs_relay.errors import LocalProblem, RsError

log = logging.getLogger(__name__)
SECONDS = 9.0  # for all of them together
Look = Callable[[], object]


def look(looks: Mapping[str, Look], seconds: float = SECONDS) -> dict[str, object]:
    """The facts by their names; None for what was not seen in time. The threads are daemons: what hangs is left."""
    facts: dict[str, object] = dict.fromkeys(looks)

    def see(name: str, one: Look) -> None:
        try:
            facts[name] = one()
        except RsError as e:
            facts[name] = e
        except ImportError as e:
            facts[name] = LocalProblem(N_("A library is not installed."), e.name or "")
        except OSError as e:
            facts[name] = LocalProblem(N_("This computer does not say."), e.strerror or "")
        except Exception:  # one look that is broken keeps nobody from the others
            log.exception("a defect")
            facts[name] = LocalProblem(N_("Something went wrong in rs-agent itself."), "")

    threads = [
        threading.Thread(target=see, args=(name, one), name=f"look-{name}", daemon=True) for name, one in looks.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(facts)
