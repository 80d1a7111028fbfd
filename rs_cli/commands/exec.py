"""`rs exec SESSION -- COMMAND…`: a command on the customer's computer, as if it ran here."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number
from rs_cli.terminal import output
from rs_relay.channels.exec import STDERR, STDOUT, Failed, Run
from rs_relay.errors import TooLarge, UsageError

app = typer.Typer()

COLLECTED = 16 * 1024 * 1024  # bytes of each stream that --json takes


Words = Annotated[
    list[str] | None, typer.Argument(metavar="-- COMMAND [ARGUMENT...]", help="Run as it stands, without a shell.")
]
Line = Annotated[
    str,
    typer.Option("--command", "-c", metavar="LINE", help="A line for the customer's shell instead: pipes, `~`, `*`."),
]
Shell = Annotated[bool, typer.Option("--shell", help="Make one line for the shell of the words.")]
Cwd = Annotated[str, typer.Option("--cwd", metavar="FOLDER", help="Where it runs; the home folder by default.")]
Env = Annotated[
    list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="A variable; may be repeated.")
]
Terminal = Annotated[bool, typer.Option("--tty", "-t", help="Give it a terminal: for programs that draw or ask.")]
NoInput = Annotated[bool, typer.Option("--no-input", "-n", help="Its standard input is empty.")]
Seconds = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0, help="End it after so long (exit status 124).")
]
Reaching = Annotated[
    float, typer.Option("--connect-timeout", metavar="SECONDS", min=0.1, help="How long to try to reach the computer.")
]


@app.command()
def exec(
    session: Number,
    words: Words = None,
    line: Line = "",
    shell: Shell = False,
    cwd: Cwd = "",
    env: Env = None,
    tty: Terminal = False,
    no_input: NoInput = False,
    seconds: Seconds = 0.0,
    reaching: Reaching = REACH,
    as_json: AsJson = False,
) -> int:
    """Run a command on the customer's computer. Input, output and exit status are its own.

    What rs itself has to say stands on standard error and begins with `rs:`; its exit statuses are those of every verb.
    """
    if bool(line) == bool(words):
        raise UsageError("Name one command.", f"`rs exec {session} -- COMMAND…`, or `rs exec {session} -c 'LINE'`")
    run = _command(words or [], line, shell, cwd, env or [], seconds, tty=tty, no_input=no_input)
    if as_json:
        return asyncio.run(_collect(session, run, reaching))
    from rs_cli.doing import running

    return running.run(session, run, reaching)


def _command(
    words: list[str], line: str, shell: bool, cwd: str, env: list[str], seconds: float, *, tty: bool, no_input: bool
) -> Run:
    argv = tuple(os.fsencode(word) for word in ([line or " ".join(words)] if line or shell else words))
    variables = dict(_variable(text) for text in env)
    terminal = _terminal() if tty else None
    return Run(argv, bool(line or shell), os.fsencode(cwd), variables, terminal, seconds, not no_input)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError("--env takes NAME=VALUE.")
    return name, value


def _terminal() -> Any:
    from rs_cli.terminal.rawterm import described

    return described()


class _Collected:
    """A stream of the command's, kept."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: memoryview) -> None:
        if len(self.data) + len(data) > COLLECTED:
            raise TooLarge(f"--json takes at most {COLLECTED >> 20} MiB of output.", "Leave --json out.")
        self.data += data

    def shown(self, name: str) -> dict[str, str]:
        try:
            return {name: self.data.decode()}
        except UnicodeDecodeError:
            from base64 import b64encode

            return {f"{name}_base64": b64encode(self.data).decode()}


async def _collect(number: int, run: Run, reaching: float) -> int:
    from rs_cli.doing.running import carry_out, status_of

    kept = {STDOUT: _Collected(), STDERR: _Collected()}
    ended = await carry_out(number, run, reaching, stdout=kept[STDOUT], stderr=kept[STDERR])
    status = status_of(ended)
    found: dict[str, Any] = {"session": number, "status": status}
    if isinstance(ended, Failed):
        found["why"] = ended.why
    else:
        found["signal"] = ended.signal or None
    output.data({**found, **kept[STDOUT].shown("stdout"), **kept[STDERR].shown("stderr")})
    return status
