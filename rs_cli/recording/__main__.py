"""`python -m rs_cli.recording`: writes a recording, fed through stdin, answering on stdout (see `pipe`).

A process of its own because it decodes what a stranger sent: it has no key, no socket and a bound on its memory.

    exit status   0 finished, or its session's process is gone · else that of the error it told
"""

from __future__ import annotations

import os
import sys
import threading
from queue import Empty, Queue

from rs_cli.recording import pipe
from rs_cli.recording.desk import Desk
from rs_relay.errors import LocalProblem, RsError
from rs_relay.glass import program
from rs_relay.glass.program import Mouth

LOOK = 0.25  # seconds between two looks while nothing comes
WAITING = 32  # messages read ahead
_TOO_LARGE = LocalProblem("The customer's picture is too large for this computer's memory.", "The recording ended.")


def main() -> int:
    out = program.prepare()
    try:
        return run(out)
    except MemoryError:
        error: RsError = _TOO_LARGE
    except RsError as e:
        error = e
    out.say(pipe.Failed(error.code, error.message, error.hint))
    return error.exit_status


def run(out: Mouth) -> int:
    """Raises what ends the recording before it is finished."""
    inbox: Queue[pipe.ToRecorder | RsError | None] = Queue(WAITING)
    source = sys.stdin.buffer
    program.widen(source.fileno())
    reading = (source, pipe.to_recorder, pipe.TO_RECORDER, inbox.put)
    threading.Thread(target=program.read, args=reading, name="stdin", daemon=True).start()
    begin = inbox.get()
    if not isinstance(begin, pipe.Begin):
        return 0
    desk = Desk(begin)
    out.say(desk.state())
    try:
        finished = _follow(desk, inbox, out)
    except BaseException:
        desk.close(finished=False)
        raise
    desk.close(finished)
    out.say(desk.state(finished=True))
    return 0


def _follow(desk: Desk, inbox: Queue[pipe.ToRecorder | RsError | None], out: Mouth) -> bool:
    """Whether it was finished: else the session's process is gone."""
    told = desk.state()
    while True:
        try:
            message = inbox.get(timeout=LOOK)
        except Empty:
            desk.look()
        else:
            if isinstance(message, RsError):
                raise message
            if message is None or isinstance(message, pipe.Finish):
                return message is not None
            desk.take(message)
        state = desk.state()
        if state.segments != told.segments or state.seconds - told.seconds >= LOOK:
            out.say(state)
            told = state


if __name__ == "__main__":
    # At once: the reader thread waits in the middle of a read, and an interpreter that shuts down aborts over that.
    os._exit(main())
