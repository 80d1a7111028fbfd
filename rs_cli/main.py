"""`rs`: the first thing that runs, and the only place where an RsError becomes an exit status.

A support code on the command line is overwritten here before anything else is imported: other users of this computer
can read a process's arguments, and the imports alone take a tenth of a second.

    exit status   0 done · 1 to 14 the error tree (rs_relay/errors.py) · 2 also a usage error · 130 Ctrl-C
    stdout        the answer; with --json also a failure, as {"error": {...}}
    stderr        all else; never a traceback. --debug writes what happened to a log file in the state directory.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, NoReturn

from rs_cli.title import hide_code

if TYPE_CHECKING:
    from rs_relay.errors import RsError


USAGE = {
    "Input should be a valid integer, unable to parse string as an integer": "it is to be a whole number.",
    "Input should be a valid number, unable to parse string as a number": "it is to be a number.",
    "Value error, ": "",
}


def main() -> None:
    hide_code(sys.argv)
    gc.set_threshold(50_000, 20, 100)  # by default modules alone are searched for garbage a dozen times: 5 ms
    _leave(_flush(run(sys.argv[1:])))


def run(arguments: list[str]) -> int:
    """Carry out one command line and return its exit status."""
    from rs_cli.terminal import output
    from rs_relay.errors import NO_ROOM, RsError, unwritten

    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json, debug = "--json" in options, "--debug" in options
    output.hush(False)
    rest = [option for option in options if option != "--debug"] + arguments[len(options) :]  # taken anywhere
    try:
        with _traced(debug):
            return _carry_out(rest)
    except RsError as error:
        if debug:
            _record(error, debug)
        return _tell(error, as_json)
    except KeyboardInterrupt:
        return 130
    except (BrokenPipeError, SystemExit):  # typer makes of a broken pipe, and of that alone, a SystemExit
        _no_more_output()
        return 0
    except Exception as e:
        if isinstance(e, OSError) and e.errno in NO_ROOM:
            return _tell(unwritten(e), as_json)
        return _odd(e, as_json, debug)


def _carry_out(arguments: list[str]) -> int:
    match arguments:
        case ["exec", number, "--", *words] if words and number.isascii() and number.isdecimal():
            # Nothing for a parser in it: run from scripts, many times a minute, it is spared Typer's 30 ms.
            from rs_cli.doing.running import run_words

            return run_words(int(number), words)
    from rs_cli.command_line.app import app

    result = app(arguments, prog_name="rs", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _odd(error: Exception, as_json: bool, debug: bool) -> int:
    """What is neither one of ours nor the system's: a usage error that Typer found, or a defect."""
    from typer.exceptions import Abort, TyperException

    from rs_relay.errors import RsError, UsageError

    if isinstance(error, Abort):
        return 130
    if isinstance(error, TyperException):
        return _tell(UsageError(_usage_said(error.format_message()), _usage_hint(error)), as_json)
    return _tell(RsError("rs has a defect and stopped.", _record(error, debug)), as_json)


def _tell(error: RsError, as_json: bool) -> int:
    """Its exit status. Where standard output takes nothing, a failure in JSON is told on standard error, too."""
    from rs_cli.terminal import output

    try:
        output.failure(error, as_json)
    except OSError:
        with suppress(OSError):
            output.failure(error, as_json=False)
    return error.exit_status


def _traced(debug: bool) -> AbstractContextManager[None]:
    if not debug:
        return nullcontext()
    from rs_cli import trace  # logging and traceback, 5 ms

    return trace.to_file(True)


def _record(error: BaseException, debug: bool) -> str:
    from rs_cli import trace

    return trace.record(error, debug)


def _usage_said(text: str) -> str:
    """Pydantic's words for a value, as a person would put it."""
    for theirs, ours in USAGE.items():
        text = text.replace(theirs, ours)
    return text


def _usage_hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` explains." if context else "`rs --help` explains."


def _no_more_output() -> None:
    """Whoever read our output has gone (`rs … | head`): let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(status: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes 20 ms and changes nothing."""
    import threading

    others = [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
    if not others:  # else they are waited for, in the ordinary way
        atexit._run_exitfuncs()
        os._exit(status)
    sys.exit(status)


def _flush(status: int) -> int:
    """What is still to be written; the exit status after that."""
    from rs_relay.errors import NO_ROOM, unwritten

    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as e:
        _no_more_output()
        if status == 0 and e.errno in NO_ROOM:
            return _tell(unwritten(e), as_json=False)
    return status
