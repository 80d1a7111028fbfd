"""The `rs-agent` command: a verb and its arguments in, an exit status out.

This is the only place where an RsError becomes a sentence and an exit status. What is no RsError is a defect: it
becomes one sentence as well, and its traceback goes to the log file of --verbose and nowhere else.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from rs_agent import commands
from rs_agent.ending import Ending
from rs_agent.language import _
from rs_relay.errors import RsError

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point. Never returns."""
    ending = Ending()
    try:
        ending.status = commands.run(sys.argv[1:] if arguments is None else arguments)
    except RsError as e:
        ending.status = e.exit_status
        _complain(_(e.message), _(e.hint))
    except KeyboardInterrupt:
        ending.status = 130
    except Exception:
        ending.status = 1
        log.exception("a defect")
        _complain(
            _("Something went wrong in rs-agent itself."),
            _("Start it again with --verbose and send the log file to whoever helps you."),
        )
    ending.pull()  # from here on the watchdog sees to it that no thread keeps the process
    sys.exit(ending.status)


def _complain(sentence: str, hint: str) -> None:
    print(f"rs-agent: {sentence}", *([hint] if hint else []), sep="\n  ", file=sys.stderr)
