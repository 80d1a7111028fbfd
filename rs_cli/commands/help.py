"""`rs help [VERB|TOPIC]`: what there is, and what may be asked of it."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from rs_cli.command_line.topics import TOPICS
from rs_cli.terminal import output
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()


@app.command("help")
def help_(
    about: Annotated[
        list[str] | None, typer.Argument(metavar="[VERB|TOPIC]…", help="Like `sessions list`, or exit-codes.")
    ] = None,
    man: Annotated[bool, typer.Option("--man", help="The manual page itself, as roff: `… | man -l -`.")] = False,
) -> None:
    """Explain a verb or a topic: exit-codes, json, remote-paths, environment."""
    words = about or []
    if man:
        from rs_cli.command_line import manual

        output.answer(manual.page(*words[:1]).rstrip("\n"))
    elif len(words) == 1 and words[0] in TOPICS:
        output.answer(TOPICS[words[0]][1]())
    else:
        _verb(words)


def _verb(words: list[str]) -> None:
    from typer.main import get_command

    from rs_cli.command_line.app import app as root

    command = get_command(root)
    context = command.make_context("rs", [], resilient_parsing=True)
    for word in words:
        below = getattr(command, "commands", {})
        if word not in below:
            near = difflib.get_close_matches(word, [*below, *(() if len(words) > 1 else TOPICS)], 1)
            hint = f"Did you mean `{near[0]}`?" if near else "`rs help` lists what there is."
            raise UsageError(f"There is no verb or topic '{printable(word, 40)}'.", hint)
        command = below[word]
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    text = command.get_help(context)
    if text:
        output.answer(text)
    if not words:
        rows = "\n".join(f"  {name:<14} {about}" for name, (about, _) in TOPICS.items())
        output.answer(f"Topics (`rs help TOPIC`):\n{rows}\n\n`rs help VERB`, `rs help VERB SUBVERB`; `man rs`.")
