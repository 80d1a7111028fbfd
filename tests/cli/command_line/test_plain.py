"""What is plainly right is converted here; everything else, and every error, is Typer's as before."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import pytest
import typer
from typer.exceptions import TyperException
from typer.main import get_command

from rs_cli.command_line.plain import make_plain

app = typer.Typer()
heard: list[Any] = []


@app.command()
def verb(
    number: Annotated[int, typer.Argument()],
    words: Annotated[list[str] | None, typer.Argument()] = None,
    name: Annotated[str, typer.Option("--name")] = "",
    few: Annotated[list[str] | None, typer.Option("--few")] = None,
    much: Annotated[float, typer.Option("--much", min=0.5, max=9)] = 2.0,
    loud: Annotated[bool, typer.Option("--loud")] = False,
) -> None:
    heard.append((number, words, name, few, much, loud))


def called(*arguments: str, plain: bool) -> Any:
    command: Any = get_command(app)
    if plain:
        make_plain(command)
    heard.clear()
    try:
        command(list(arguments), standalone_mode=False)
    except TyperException as e:
        return e.format_message()
    return heard[-1]


@pytest.mark.parametrize(
    "line",
    [
        "3", "3 a b", "3 --name x --few a --few b --much 7.5 --loud", "3 --much 1", "-- -3", "0003",
        "", "three", "3.5", "3 --much 0.1", "3 --much 99", "3 --much many", "3 --nothing", "1_0", "3 --much 1e0",
    ],
)  # fmt: skip
def test_a_plain_command_hears_and_refuses_what_typers_own_does(line: str) -> None:
    assert called(*line.split(), plain=True) == called(*line.split(), plain=False)


@pytest.mark.parametrize("line", ["exec --help", "sessions list", "--version"])
def test_a_verb_runs_without_pydantic(line: str, tmp_path: Any) -> None:
    script = (
        f"import sys, os; from rs_cli.main import run; run({line.split()!r}); "
        "sys.stdout.flush(); assert 'pydantic' not in sys.modules"
    )
    env = {"RS_STATE_DIR": str(tmp_path), "RS_CONFIG_DIR": str(tmp_path), "PATH": "/bin"}
    subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True)
