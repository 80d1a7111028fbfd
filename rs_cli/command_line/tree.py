"""The command line as data: every verb, what it takes and says of itself. Help, manual pages and completion are made
of it, so none of them can disagree with what is parsed. Looking a verb up imports its module.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from rs_cli.commands import VERBS
from rs_relay.errors import UsageError
from rs_relay.text import printable


@dataclass(frozen=True)
class Parameter:
    """An option (`opts` with dashes) or an argument (no `opts`)."""

    opts: tuple[str, ...]
    metavar: str
    help: str
    takes_value: bool
    required: bool
    several: bool
    choices: tuple[str, ...] = ()

    @property
    def is_option(self) -> bool:
        return bool(self.opts)

    @property
    def shown(self) -> str:
        """As in a line of usage."""
        if not self.is_option:
            return self.metavar
        return f"{', '.join(self.opts)}{f' {self.metavar}' if self.takes_value else ''}"


@dataclass(frozen=True)
class Command:
    """`path`: ("sessions", "list"). `text`: paragraphs, the first of which is the summary."""

    path: tuple[str, ...]
    text: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    below: tuple[Command, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def usage(self) -> str:
        words = ["rs", *self.path]
        if any(p.is_option for p in self.parameters):
            words.append("[OPTIONS]")
        if self.below:
            return " ".join([*words, "COMMAND", "[ARGS]…"])
        for argument in (p for p in self.parameters if not p.is_option):
            bare = argument.metavar.strip("[]") if not argument.required else argument.metavar
            words.append(argument.metavar if argument.required or argument.metavar.startswith("[") else f"[{bare}]")
        return " ".join(words)

    def everything(self) -> tuple[Command, ...]:
        return (self, *(deeper for command in self.below for deeper in command.everything()))


def find(*path: str) -> Command:
    """Raises UsageError for a verb that is not there."""
    root = _root()
    command: Any = root
    at: list[str] = []
    for word in path:
        below = getattr(command, "commands", None)
        if below is None or word not in below:
            raise UsageError(f"There is no verb '{printable(' '.join((*at, word)), 40)}'.", "`rs help` lists them.")
        command = below[word]
        at.append(word)
    return _read(tuple(at), command)


def whole() -> tuple[Command, ...]:
    """All verbs, in the order of `rs --help`."""
    return tuple(find(verb.name) for verb in VERBS)


def top() -> tuple[Parameter, ...]:
    """The options of `rs` itself."""
    return tuple(_parameter(p) for p in _root().params)


def _root() -> Any:
    from typer.main import get_command

    from rs_cli.command_line.app import app  # (which lists the verb that looks here)

    return get_command(app)


def _read(path: tuple[str, ...], command: Any) -> Command:
    below = getattr(command, "commands", {})
    text = inspect.cleandoc(command.help or "")
    paragraphs = tuple(re.sub(r"\s+", " ", part).strip() for part in text.split("\n\n") if part.strip())
    return Command(
        path,
        paragraphs,
        tuple(_parameter(p) for p in command.params if not getattr(p, "hidden", False)),
        tuple(_read((*path, name), below[name]) for name in below),
    )


def _parameter(parameter: Any) -> Parameter:
    is_option = parameter.param_type_name == "option"
    about = getattr(parameter, "type_descriptor", None)
    choices = tuple(str(c) for c in about.choices or ()) if about is not None and about.is_choice else ()
    flag = is_option and bool(parameter.is_flag)
    metavar = parameter.metavar or ("|".join(choices) if choices else (parameter.name or "").upper().strip("_"))
    opts = (*parameter.opts, *parameter.secondary_opts) if is_option else ()
    return Parameter(
        tuple(sorted(opts, key=lambda opt: (opt.startswith("--"), opts.index(opt)))),
        "" if flag else metavar,
        re.sub(r"\s+", " ", getattr(parameter, "help", None) or "").strip(),
        is_option and not flag,
        bool(parameter.required),
        bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1,
        choices,
    )
