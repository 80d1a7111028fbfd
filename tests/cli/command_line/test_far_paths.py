"""The TAB key on a customer's path: quick, silent, and without a question to the customer."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from rs_cli.command_line import far_paths
from rs_cli.command_line.far_paths import offered
from rs_cli.state.book import Book
from rs_relay.errors import Unreachable
from tests.support.technician import entry

GREETING = "gr\u00fc\u00dfe \u4f60"


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    Book().add(entry(customer="maria"))


class Customer:
    """What is in each folder; `asked` which were looked into."""

    def __init__(self, **folders: list[tuple[str, bool]]) -> None:
        self.folders, self.asked = folders, []

    async def __call__(self, entry: Any, folder: str) -> list[tuple[str, bool]]:
        self.asked.append(folder)
        return self.folders.get(folder.strip("/") or "home", [])


@pytest.fixture
def customer(monkeypatch: pytest.MonkeyPatch) -> Customer:
    made = Customer(
        home=[
            ("Documents", True), ("docs.txt", False), (".ssh", True), ("evil\x1b[31m", False), (GREETING, True),
        ],
        Documents=[("a", False), ("b", True)],
    )  # fmt: skip
    monkeypatch.setattr(far_paths, "_ask", made)
    return made


def test_what_begins_so(customer: Customer) -> None:
    assert offered("1:Doc") == ["1:Documents/"]
    assert offered("1:Documents/") == ["1:Documents/a", "1:Documents/b/"]
    assert offered("maria:Doc") == ["maria:Documents/"]
    assert offered("Doc", "1") == ["Documents/"]
    assert offered("1:g") == [f"1:{GREETING}/"]


def test_hidden_things_when_they_are_named_so_and_nothing_that_is_not_plain(customer: Customer) -> None:
    assert offered("1:") == ["1:docs.txt", "1:Documents/", f"1:{GREETING}/"]
    assert offered("1:.") == ["1:.ssh/"]


def test_the_next_tab_asks_nobody_for_a_moment(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        assert offered("1:Doc") == ["1:Documents/"]
    assert customer.asked == [""]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + far_paths.FRESH + 1)
    offered("1:Doc")
    assert customer.asked == ["", ""]


def test_what_is_kept_is_the_technicians_alone(customer: Customer, tmp_path: Path) -> None:
    offered("1:Doc")
    (kept,) = (tmp_path / "state" / "completion").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Documents" not in kept.name


@pytest.mark.parametrize("word", ["7:Doc", "nobody:x", "./a:b", "plain", ":x\0"])
def test_no_session_no_candidates(customer: Customer, word: str) -> None:
    assert offered(word) == []


@pytest.mark.parametrize("error", [Unreachable("no"), TimeoutError(), OSError()])
def test_silent_whatever_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, error: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object) -> list[tuple[str, bool]]:
        raise error

    monkeypatch.setattr(far_paths, "_ask", fails)
    assert offered("1:Doc") == []
    assert capfd.readouterr() == ("", "")


def test_a_customer_who_does_not_answer_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(far_paths, "TIME", 0.1)
    monkeypatch.setattr("rs_cli.session.technician.Technician.start", never)
    began = time.monotonic()
    assert offered("1:Doc") == []
    assert time.monotonic() - began < 30
    assert os.listdir(Path(os.environ["RS_STATE_DIR"]) / "completion") == []
