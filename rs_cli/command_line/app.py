"""The Typer application: the verbs of `rs_cli.commands` as lazily imported commands, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from rs_cli.command_line.plain import make_plain
from rs_cli.commands import VERBS, Verb
from rs_cli.terminal import output
from rs_relay.errors import UsageError

QUIET = "No progress, no remarks: the answer and failures alone."


class _Lazy(MutableMapping[str, Any]):
    """Verb names to commands; a command's module is imported when the command is looked up."""

    def __init__(self) -> None:
        self._verbs: dict[str, Verb] = {verb.name: verb for verb in VERBS}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            verb = self._verbs[name]
            command = get_command(import_module(verb.module).app)
            command.name = name
            # the shell's completion is installed once, by `rs completion`
            command.params = [p for p in command.params if p.name not in ("install_completion", "show_completion")]
            _hushable(command)
            make_plain(command)
            self._made[name] = command
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._verbs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._verbs)

    def __len__(self) -> int:
        return len(self._verbs)


def _hush(wanted: bool) -> None:
    if wanted:
        output.hush()


@cache
def _quiet() -> Any:
    """The option --quiet, as Typer makes it."""

    def any_verb(hushed: Annotated[bool, typer.Option("--quiet", "-q", callback=_hush, help=QUIET)] = False) -> None:
        """Lends its parameter."""

    lending = typer.Typer(add_completion=False)
    lending.command()(any_verb)
    option = get_command(lending).params[0]
    option.expose_value = False
    return option


def _hushable(command: Any) -> None:
    """Every verb takes --quiet; one that has more to be quiet about has an option of that name itself."""
    below = getattr(command, "commands", {})
    for each in below.values():
        _hushable(each)
    if not below and not any("--quiet" in p.opts for p in command.params):
        command.params.append(_quiet())


class _Root(TyperGroup):
    """The group whose help imports no verb: it is made of the list's summaries."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        make_plain(self)
        self.commands = _Lazy()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        lazy = self.commands
        self.commands = {verb.name: TyperCommand(verb.name, help=verb.summary) for verb in VERBS}
        try:
            super().format_help(ctx, formatter)
        finally:
            self.commands = lazy


app = typer.Typer(cls=_Root, no_args_is_help=False, pretty_exceptions_enable=False, add_completion=False)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 20 ms, for this option alone

        typer.echo(f"rs {version('rs-remote-support')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def rs(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Write what happens to a log file, without any secret.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET)] = False,
) -> None:
    """Remote support from the terminal. `rs` alone opens the dashboard."""
    if quiet:
        output.hush()
    if ctx.invoked_subcommand is None:
        if not (output.is_terminal() and sys.stdin.isatty()):
            raise UsageError("The dashboard needs a terminal.", "`rs --help` lists what works in a pipe.")
        from rs_cli.tui.app import run_dashboard  # Textual, for the dashboard alone

        run_dashboard()
