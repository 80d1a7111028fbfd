"""What may come next on a command line, asked as a shell asks, and in the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rs_cli.command_line.completing import FILES, candidates, quoting, words_of
from rs_cli.commands import VERBS
from rs_cli.commands.completion import SCRIPTS, Shell
from rs_cli.state.book import Book
from tests.support.technician import entry

BIN = Path(sys.executable).parent


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CONFIG"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(f"RS_{name}_DIR", str(tmp_path / name))


def values(line: str) -> list[str]:
    return [candidate.value for candidate in candidates(line)]


@pytest.mark.parametrize(
    ("line", "words"),
    [("", [""]), ("rs", ["rs"]), ("rs ", ["rs", ""]), ("rs a b", ["rs", "a", "b"]), ("rs 'a b' c", ["rs", "a b", "c"]),
     ('rs "a b', ["rs", "a b"]), ("rs a\\ b", ["rs", "a b"]), ("rs 3:/x # y", ["rs", "3:/x", "#", "y"])],
)  # fmt: skip
def test_words_as_the_shell_has_them(line: str, words: list[str]) -> None:
    assert words_of(line) == words


def test_verbs_and_what_is_below_them() -> None:
    assert values("rs ") == [verb.name for verb in VERBS]
    assert values("rs cha") == ["chat"]
    assert values("rs --debug cha") == ["chat"]
    assert "list" in values("rs sessions ")
    assert values("rs clipboard s") == ["set"]
    assert values("rs nonsense ") == []


def test_options_each_once() -> None:
    assert {"--follow", "--json", "--quiet", "--help"} <= set(values("rs chat 3 --"))
    assert "--json" not in values("rs chat 3 --json --")
    assert values("rs clipboard get --im") == ["--image"]
    assert values("rs exec 3 -- --") == []


def test_values() -> None:
    assert values("rs screenshot --pictures s") == ["sixel"]
    assert "view" in values("rs sessions ask 1 ")
    assert candidates("rs screenshot 1 ") == [FILES]
    assert candidates("rs screenshot 1 a.png ") == []


def test_sessions_by_number_with_the_customers_name() -> None:
    Book().add(entry(customer="maria's computer"))
    found = candidates("rs chat ")
    assert [(c.value, c.help) for c in found] == [("1", "maria's computer")]
    assert "1:" in values("rs print ")


@pytest.mark.parametrize(
    ("shell", "script"),
    [
        ("bash", 'eval "$(rs completion bash)"; COMP_LINE="rs clipb"; COMP_POINT=8; _rs_complete rs; '
                 'printf "%s\\n" "${COMPREPLY[@]}"'),
        ("fish", 'rs completion fish | source; complete -C "rs clipb"'),
    ],
)  # fmt: skip
def test_in_the_shell_itself(shell: str, script: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run([shell, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\t")[0].strip() == "clipboard", done.stderr


@pytest.mark.parametrize("shell", Shell)
def test_the_scripts_are_that_shells(shell: Shell) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run([shell, "-n"], input=SCRIPTS[shell], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "part", "value", "handed"),
    [
        ("rs ls 3:Doc", "Doc", "3:Documents/", "Documents/"),
        ("rs ls 3:", ":", "3:Documents/", "Documents/"),
        ("rs ls 3:we\\ ", "we\\ ", "3:we $(reboot) `it`", "we\\ \\$\\(reboot\\)\\ \\`it\\`"),
        ('rs ls "3:we', '"3:we', '3:we $HOME "x"', '3:we \\$HOME \\"x\\"'),
        ("rs ls '3:we", "'3:we", "3:we $HOME", "3:we $HOME"),
        ("rs clipb", "clipb", "clipboard", "clipboard"),
        ("rs clipb", "", "clipboard", "clipboard"),
    ],
)
def test_what_bash_is_handed_stands_for_itself(line: str, part: str, value: str, handed: str) -> None:
    assert quoting(line, part)(value) == handed


def test_paths_of_a_customers_are_asked_for_where_they_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def offered(word: str, session: str) -> list[str]:
        asked.append((word, session))
        return [f"{word}uments/"]

    monkeypatch.setattr("rs_cli.command_line.far_paths.offered", offered)
    assert values("rs ls 3:Doc") == ["3:Documents/"]
    assert values("rs ls 3 Doc") == ["Documents/"]
    assert values("rs get-file 3 Doc")[0] == "Documents/"
    assert values("rs mv -f 3:a 3:Doc") == ["3:Documents/"]
    assert asked == [("3:Doc", ""), ("Doc", "3"), ("Doc", "3"), ("3:Doc", "3:a")]
