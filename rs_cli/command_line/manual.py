"""Manual pages (man(7) roff) made of the command line itself: `rs.1`, and `rs-VERB.1` for each verb.

`make man` writes them (`python -m rs_cli.command_line.manual DIR`), with only the macros that man and mandoc agree on.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rs_cli.command_line import topics, tree
from rs_cli.command_line.examples import EXAMPLES
from rs_cli.command_line.tree import Command, Parameter
from rs_cli.commands import VERBS

_ABOUT = (
    "rs is remote support from the terminal: a customer runs rs-agent and reads out a code, a technician joins the "
    "session with rs and, as far as the customer allows it, sees and controls the screen, moves files, talks, runs "
    "commands. All of it is encrypted between the two ends; the relay between them reads nothing.",
    "rs alone opens the dashboard. Each verb works on a session by its number, over a link of its own, so several may "
    "run at once.",
)


def write(folder: Path) -> list[Path]:
    """All pages; they replace what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"rs.1": page(), **{f"rs-{verb.name}.1": page(verb.name) for verb in VERBS}}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def page(verb: str = "") -> str:
    """The page of a verb, or of `rs` itself. Raises UsageError for a verb that is not there."""
    lines = _of_verb(tree.find(verb)) if verb else _of_rs()
    return "\n".join(lines) + "\n"


def _of_rs() -> Iterable[str]:
    yield from _head("rs", "remote support from the terminal")
    yield ".SH SYNOPSIS"
    yield from (r".B rs", _text("[OPTIONS] [VERB [ARGS]…]"))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(_ABOUT)
    yield ".SH OPTIONS"
    yield from _options(tree.top())
    yield ".SH VERBS"
    for verb in VERBS:
        yield from (".TP", rf".BR {_name(verb.name)} (1)", _text(verb.summary))
    yield ".SH PATHS OF A CUSTOMER"
    yield from _literal(topics.remote_paths())
    yield ".SH JSON"
    yield from _literal(topics.json_())
    yield from _statuses()
    yield ".SH ENVIRONMENT"
    for name, text in topics.ENVIRONMENT:
        yield from (".TP", rf".B {_text(name)}", _text(text))
    yield ".SH FILES"
    for name, text in topics.FILES:
        yield from (".TP", rf".I {_text(name)}", _text(text))
    yield ".SH EXAMPLES"
    for at, verb_name in enumerate(("connect", "view", "get-file", "exec")):
        yield from ([".PP"] if at else [])
        yield from _examples(verb_name)
    yield from _see_also([verb.name for verb in VERBS[:8]], top=False)


def _of_verb(command: Command) -> Iterable[str]:
    verb = command.path[0]
    summary = next(v.summary for v in VERBS if v.name == verb)
    yield from _head(f"rs-{verb}", summary[0].lower() + summary[1:].rstrip("."))
    yield ".SH SYNOPSIS"
    uses = [c for c in command.everything() if not c.below]
    for at, use in enumerate(uses):
        yield from ([".br"] if at else [])
        yield from (rf".B {_text(' '.join(('rs', *use.path)))}", _text(_arguments(use)))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(command.text)
    if command.below:
        for below in uses:
            yield f'.SS "{_text(" ".join(("rs", *below.path)))}"'
            yield from _paragraphs(below.text)
            yield from _options(below.parameters)
    else:
        yield ".SH OPTIONS"
        yield from _options(command.parameters)
    yield ".PP"
    yield _text("--debug, with any verb, writes what happens to a log file, without any secret. --help explains.")
    yield from _statuses()
    yield ".SH ENVIRONMENT"
    yield from _paragraphs(["As for the command itself: see rs(1)."])
    yield ".SH EXAMPLES"
    yield from _examples(verb)
    yield from _see_also([v.name for v in VERBS if v.name != verb][:4], top=True)


def _head(name: str, summary: str) -> Iterable[str]:
    from importlib.metadata import version

    day = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    yield f'.TH "{_name(name).upper()}" "1" "{day}" "rs {version("rs-remote-support")}" "Remote support"'
    yield ".SH NAME"
    yield rf"{_name(name)} \- {_text(summary)}"


def _arguments(command: Command) -> str:
    return command.usage.removeprefix(" ".join(("rs", *command.path))).strip() or " "


def _options(parameters: Iterable[Parameter]) -> Iterable[str]:
    for parameter in parameters:
        names = ", ".join(rf"\fB{_text(opt)}\fR" for opt in parameter.opts)
        value = rf"\fI{_text(parameter.metavar)}\fR" if parameter.metavar else ""
        yield from (".TP", " ".join(part for part in (names, value) if part))
        yield _text(parameter.help or "As the description says.")


def _statuses() -> Iterable[str]:
    yield ".SH EXIT STATUS"
    for status, _, meaning in topics.statuses():
        yield from (".TP", rf".B {status}", _text(meaning[0].upper() + meaning[1:] + "."))


def _examples(verb: str) -> Iterable[str]:
    for at, (line, what) in enumerate(EXAMPLES.get(verb, ())):
        yield from ([".PP"] if at else [])
        yield from (_text(what), ".PP", ".RS 4", ".nf", _text(line), ".fi", ".RE")


def _see_also(verbs: list[str], *, top: bool) -> Iterable[str]:
    yield ".SH SEE ALSO"
    names = [*(["rs"] if top else []), *(f"rs-{verb}" for verb in verbs)]
    for at, name in enumerate(names):
        yield rf".BR {_name(name)} (1){',' if at < len(names) - 1 else ''}"


def _paragraphs(texts: Iterable[str]) -> Iterable[str]:
    for at, text in enumerate(texts):
        yield from ([".PP"] if at else [])
        yield _text(text)


def _literal(text: str) -> Iterable[str]:
    yield ".nf"
    yield from (_text(line, keep=True) for line in text.splitlines())
    yield ".fi"


def _name(name: str) -> str:
    return (name if name == "rs" or name.startswith("rs-") else f"rs-{name}").replace("-", r"\-")


def _text(text: str, *, keep: bool = False) -> str:
    """Nothing in it is a request or an escape of roff; what is typed keeps its dashes and quotes."""
    safe = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    safe = safe.replace("…", "...").replace("^", r"\(ha").replace("~", r"\(ti").replace('"', r"\(dq")
    if not keep:
        safe = re.sub(r"\s+", " ", safe).strip()
    return rf"\&{safe}" if safe.startswith(".") else safe or ".sp"


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "man")):
        print(path)
