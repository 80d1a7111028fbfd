"""`rs completion SHELL`: the script that makes a shell complete rs's verbs, options, sessions and paths."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rs_cli import output
from rs_cli.completing import FILES, HELP, candidates, words_of
from rs_relay.text import printable

app = typer.Typer()


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


# bash splits words at colons, and wants only what comes after the last one; `--line` has the line as it was typed.
_BASH = r"""
# rs: completion for bash. In ~/.bashrc: eval "$(rs completion bash)"
_rs_complete() {
    local line value files=
    COMPREPLY=()
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        if [ -z "$value" ]; then files=1; else COMPREPLY+=("$value"); fi
    done < <("$1" completion bash --line="${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    [ -n "$files" ] && compopt -o default 2>/dev/null
    [ "${#COMPREPLY[@]}" = 1 ] && case "${COMPREPLY[0]}" in *[:/]) compopt -o nospace 2>/dev/null ;; esac
    return 0
}
complete -F _rs_complete rs remote-support
"""
_ZSH = r"""
#compdef rs remote-support
# rs: completion for zsh. In ~/.zshrc, after compinit: eval "$(rs completion zsh)"
_rs_complete() {
    local line files tab=$'\t'
    local -a found bare
    for line in "${(@f)$("${words[1]}" completion zsh --line="${(j: :)words[1,CURRENT]}" 2>/dev/null)}"; do
        if [[ $line == $tab* ]]; then files=1
        elif [[ -n $line && ${line%%$tab*} == *[:/] ]]; then bare+=("${line%%$tab*}")
        elif [[ -n $line ]]; then found+=("${${line%%$tab*}//:/\\:}:${line#*$tab}"); fi
    done
    (( ${#bare} )) && compadd -S '' -- "${bare[@]}"
    (( ${#found} )) && _describe -V rs found
    [[ -n $files ]] && _files
}
compdef _rs_complete rs remote-support
"""
_FISH = r"""
# rs: completion for fish. In ~/.config/fish/config.fish: rs completion fish | source
function __rs_complete
    for line in (rs completion fish --line=(commandline -cp | string collect) 2>/dev/null)
        if string match -q \t'*' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo -- $line
        end
    end
end
complete -c rs -f -a '(__rs_complete)'
complete -c remote-support -f -a '(__rs_complete)'
"""
SCRIPTS = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH}


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="Whose script.")],
    line: Annotated[str | None, typer.Option("--line", hidden=True)] = None,
) -> None:
    """Print the script that makes your shell complete verbs, options, sessions and paths.

    bash, in ~/.bashrc: eval "$(rs completion bash)". zsh: the same, after compinit. fish: rs completion fish | source.
    """
    if line is None:
        output.answer(SCRIPTS[shell].strip("\n"))
        return
    cut = _cut(words_of(line)[-1]) if shell is Shell.BASH else 0
    for candidate in candidates(line):
        output.answer("\t" if candidate is FILES else f"{candidate.value[cut:]}\t{printable(candidate.help, HELP)}")


def _cut(word: str) -> int:
    """How much of the word bash takes for words before it."""
    return max(word.rfind(":"), word.rfind("=")) + 1
