from __future__ import annotations

import io
from typing import Any, cast

import msgspec
import pytest

from rs_relay.errors import LocalProblem
from rs_relay.glass import life, program
from rs_relay.glass.life import Kind


class Cannot(msgspec.Struct, frozen=True):
    code: str
    message: str
    hint: str


class Said:
    def __init__(self) -> None:
        self.messages: list[Any] = []

    def say(self, message: Any) -> None:
        self.messages.append(message)


def kind(load: Any = lambda: None) -> Kind:
    return Kind(load, lambda: "ready", Cannot, bytes.decode, 10, "Install Tk.", "Is DISPLAY right?")


def _missing() -> Any:
    raise ImportError("no such module")


@pytest.mark.parametrize(
    ("load", "hint"), [(_missing, "Install Tk."), (lambda: None, "Is DISPLAY right?")], ids=["no Tk", "no display"]
)
def test_no_window_is_said_and_is_the_exit_status(load: Any, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said()
    monkeypatch.setattr(program, "prepare", lambda: said)
    monkeypatch.setenv("DISPLAY", ":no")
    assert life.live(kind(load)) == LocalProblem.exit_status
    assert [(m.code, m.hint) for m in said.messages] == [(LocalProblem.code, hint)]


def test_what_goes_wrong_before_is_told_as_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":no")
    with pytest.raises(LocalProblem):
        life.run(kind(), io.BytesIO(), cast(program.Mouth, Said()))
