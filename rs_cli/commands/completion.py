"""`rs completion SHELL`: the script that makes a shell complete rs's verbs, options, sessions and paths."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rs_cli.command_line.completing import FILES, HELP, candidates, quoting
from rs_cli.terminal import output
from rs_relay.text import printable

app = typer.Typer()


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


# The line goes through the environment: it may hold a support code, and others can read a process's arguments.
# bash splits words at colons, replaces the last piece alone, and puts in as it stands what it is given.
_BASH = r"""
# rs: completion for bash. In ~/.bashrc: eval "$(rs completion bash)"
_rs_complete() {
    local line value files=
    COMPREPLY=()
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        if [ -z "$value" ]; then files=1; else COMPREPLY+=("$value"); fi
    done < <(_RS_LINE="${COMP_LINE:0:COMP_POINT}" _RS_PART="${COMP_WORDS[COMP_CWORD]}" "$1" completion bash 2>/dev/null)
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
    local -a found bare plain
    local typed="${(j: :)words[1,CURRENT-1]} $PREFIX"
    for line in "${(@f)$(_RS_LINE="$typed" "${words[1]}" completion zsh 2>/dev/null)}"; do
        if [[ $line == $tab* ]]; then files=1
        elif [[ -n $line && ${line%%$tab*} == *[:/] ]]; then bare+=("${line%%$tab*}")
        elif [[ $line == *$tab ]]; then plain+=("${line%%$tab*}")
        elif [[ -n $line ]]; then found+=("${${line%%$tab*}//:/\\:}:${line#*$tab}"); fi
    done
    (( ${#bare} )) && compadd -S '' -- "${bare[@]}"
    (( ${#plain} )) && compadd -- "${plain[@]}"
    (( ${#found} )) && _describe -V rs found
    [[ -n $files ]] && _files
}
compdef _rs_complete rs remote-support
"""
_FISH = r"""
# rs: completion for fish. In ~/.config/fish/config.fish: rs completion fish | source
function __rs_complete
    for line in (_RS_LINE=(commandline -cp | string collect) rs completion fish 2>/dev/null)
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
    line: Annotated[str, typer.Option("--line", hidden=True, envvar="_RS_LINE")] = "",
    part: Annotated[str, typer.Option("--part", hidden=True, envvar="_RS_PART")] = "",
) -> None:
    """Print the script that makes your shell complete verbs, options, sessions and paths.

    bash, in ~/.bashrc: eval "$(rs completion bash)". zsh: the same, after compinit. fish: rs completion fish | source.
    """
    if not line:
        output.answer(SCRIPTS[shell].strip("\n"))
        return
    quoted = quoting(line, part) if shell is Shell.BASH else str
    for candidate in candidates(line):
        output.answer("\t" if candidate is FILES else f"{quoted(candidate.value)}\t{printable(candidate.help, HELP)}")
