"""What may stand at the end of a command line that is still being typed.

The shells' scripts (`rs completion`) hand the line over as it is and show what comes back, one candidate a line:
`value TAB what it is`. A line that begins with a TAB asks the shell for names of files of this computer. Paths of a
customer's are `rs_cli.command_line.far_paths`; nothing else here speaks with a relay or a customer.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rs_cli.command_line.tree import Command, Parameter, find
from rs_cli.commands import VERBS
from rs_relay.errors import RsError
from rs_relay.link.spec import Permission
from rs_relay.text import printable

_FAR = re.compile(r"SESSION:PATH|REMOTE|SOURCE")  # arguments that name paths of a customer's
_LOCAL = re.compile(r"FILE|PATH|DIR|FOLDER|LOCAL|MP4|SOURCE", re.IGNORECASE)
_NOT_PLAIN = re.compile(r"[^\w@%+=:,./~-]")
_IN_QUOTES = re.compile(r'["$`\\]')
HELP = 60  # cells


@dataclass(frozen=True)
class Candidate:
    value: str
    help: str = ""


FILES = Candidate("")  # the shell's own completion of file names


def candidates(line: str) -> list[Candidate]:
    """For the last word of `line` (up to the cursor), whose first is the program's name."""
    *before, word = words_of(line)[1:] or [""]
    found = _after([w for w in before if w not in ("--debug", "--quiet", "-q")], word)
    return [c for c in found if c is FILES or c.value.startswith(word)]


def words_of(line: str) -> list[str]:
    """As the shell splits it; the last one, which may be empty, is the one being typed. A quote that is still open ends
    with the line."""
    return _split(line)[0]


def _split(line: str) -> tuple[list[str], str]:
    """The words, and the quote that is open in the last one."""
    for quote in ("", '"', "'", "\\"):
        lexer = shlex.shlex(line[:-1] if quote == "\\" else line + quote, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, ""
        try:
            words = list(lexer)
        except ValueError:
            continue
        if not quote and (not line or line[-1].isspace()) and not line.endswith("\\ "):
            return [*words, ""], ""
        return words or [""], quote.strip("\\")
    return line.split(" "), ""


def quoting(line: str, part: str) -> Callable[[str], str]:
    """How a candidate is handed to bash: without what it leaves of the word (it breaks words at `:`, and replaces
    `part` alone), and with its own signs quoted, so that a name such as `$(reboot)` is only ever a name."""
    words, quote = _split(line)
    piece = "" if part in (":", "=") else _split(part)[0][-1]
    cut = len(words[-1]) - len(piece) if part and words[-1].endswith(piece) else 0

    def quoted(value: str) -> str:
        kept = value[cut:]
        if quote:
            return kept if quote == "'" else _IN_QUOTES.sub(r"\\\g<0>", kept)
        return _NOT_PLAIN.sub(r"\\\g<0>", kept)

    return quoted


def _after(before: list[str], word: str) -> Iterator[Candidate]:
    if not before:
        yield from (Candidate(verb.name, verb.summary) for verb in VERBS)
        if word.startswith("-"):
            yield from (Candidate(o, h) for o, h in (("--help", "Show this."), ("--version", ""), ("--quiet", "")))
        return
    try:
        command, rest = _command(before)
    except RsError:
        return
    if command.below and not rest:
        yield from (Candidate(c.path[-1], c.text[0] if c.text else "") for c in command.below)
        return
    if "--" in rest:
        return
    waiting = _waits_for_value(command, rest)
    if waiting is not None:
        yield from _values(waiting, word)
    elif word.startswith("-"):
        used = set(rest)
        for option in (p for p in command.parameters if p.is_option):
            if option.several or not used & set(option.opts):
                yield from (
                    Candidate(name, option.help) for name in option.opts if name.startswith("--") or word == "-"
                )
        yield Candidate("--help", "Show how it is used.")
    else:
        argument = _argument(command, rest)
        if argument is not None and _FAR.search(argument.metavar):
            yield from _far(argument, rest, word)
        elif argument is not None:
            yield from _values(argument, word)


def _command(before: list[str]) -> tuple[Command, list[str]]:
    command, depth = find(before[0]), 1
    while command.below and depth < len(before):
        command, depth = find(*before[: depth + 1]), depth + 1
    return command, before[depth:]


def _waits_for_value(command: Command, rest: list[str]) -> Parameter | None:
    last = rest[-1] if rest else ""
    return next((p for p in command.parameters if p.takes_value and last in p.opts), None)


def _argument(command: Command, rest: list[str]) -> Parameter | None:
    """The one that the next plain word is for."""
    valued = {opt for p in command.parameters if p.takes_value for opt in p.opts}
    plain = sum(1 for at, w in enumerate(rest) if not w.startswith("-") and (at == 0 or rest[at - 1] not in valued))
    arguments = [p for p in command.parameters if not p.is_option]
    for argument in arguments:
        if argument.several or plain == 0:
            return argument
        plain -= 1
    return None


def _values(parameter: Parameter, word: str) -> Iterator[Candidate]:
    yield from (Candidate(choice) for choice in parameter.choices)
    metavar = parameter.metavar
    if "PERMISSION" in metavar:
        yield from (Candidate(str(permission)) for permission in Permission)
    if "SESSION" in metavar and not parameter.is_option:
        yield from _sessions(":" if "SESSION:" in metavar else "")
    if not parameter.choices and _LOCAL.search(metavar.replace("SESSION:PATH", "")):
        yield FILES


def _far(parameter: Parameter, rest: list[str], word: str) -> Iterator[Candidate]:
    """Paths of a customer's: behind a session and a colon, or after the session's number."""
    plain = [w for w in rest if not w.startswith("-")]
    if ":" in word or (plain[:1] and plain[0].isdigit()):
        from rs_cli.command_line.far_paths import offered

        yield from (Candidate(path) for path in offered(word, plain[0] if plain else ""))
    else:
        yield from _sessions(":")
    if _LOCAL.search(parameter.metavar.replace("SESSION:PATH", "")):
        yield FILES


def _sessions(after: str) -> Iterator[Candidate]:
    from rs_cli.state.book import Book

    try:
        entries = Book().open_entries()
    except RsError:
        return
    for entry in entries:
        yield Candidate(f"{entry.number}{after}", printable(entry.customer, HELP))
