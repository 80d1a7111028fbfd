"""`rs`: the first thing that runs, and the only place where an RsError becomes an exit status.

A support code on the command line is overwritten here before anything else is imported: other users of this computer
can read a process's arguments, and the imports alone take a tenth of a second.

    exit status   0 done · 1 to 14 the error tree (rs_relay/errors.py) · 2 also a usage error · 130 Ctrl-C
    stdout        the answer; with --json also a failure, as {"error": {...}}
    stderr        all else; never a traceback. --debug writes what happened to a log file in the state directory.
"""

from __future__ import annotations

import os
import sys

from rs_cli.title import hide_code


def main() -> None:
    hide_code(sys.argv)
    status = run(sys.argv[1:])
    _flush()
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Carry out one command line and return its exit status."""
    from typer.exceptions import Abort, TyperException

    from rs_cli import output, trace
    from rs_cli.app import app
    from rs_relay.errors import RsError, UsageError

    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json, debug = "--json" in options, "--debug" in options
    rest = [option for option in options if option != "--debug"] + arguments[len(options) :]  # taken anywhere
    try:
        with trace.to_file(debug):
            result = app(rest, prog_name="rs", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except RsError as error:
        trace.record(error, debug)
        output.failure(error, as_json)
        return error.exit_status
    except TyperException as e:
        output.failure(UsageError(e.format_message(), _usage_hint(e)), as_json)
        return UsageError.exit_status
    except (KeyboardInterrupt, Abort):
        return 130
    except (BrokenPipeError, SystemExit):  # typer makes of a broken pipe, and of that alone, a SystemExit
        _no_more_output()
        return 0
    except Exception as e:
        output.failure(RsError("rs has a defect and stopped.", trace.record(e, debug)), as_json)
        return RsError.exit_status


def _usage_hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` explains." if context else "`rs --help` explains."


def _no_more_output() -> None:
    """Whoever read our output has gone (`rs … | head`): let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _no_more_output()
