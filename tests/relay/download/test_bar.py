"""The customer sees how much is left; a log sees one line."""

from __future__ import annotations

import io

import pytest

from rs_relay.download.start import bar


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar, "EVERY", 0.0)
    monkeypatch.setenv("LANGUAGE", "en")


def test_how_much_is_left() -> None:
    out = Screen()
    shown = bar.Bar(400_000, out)
    for more in (100_000, 200_000, -200_000, 300_000):  # one was in vain
        shown.came(more)
    lines = out.getvalue().split("\r")[1:]
    assert [line.split("once: ")[1].split()[0] for line in lines] == ["300", "100", "300", "0"]
    assert [line.count("#") for line in lines] == [6, 18, 6, 24]
    shown.close()
    assert out.getvalue().endswith("\r\033[K")


def test_without_a_terminal_it_is_one_line() -> None:
    out = io.StringIO()
    shown = bar.Bar(400_000, out)
    shown.came(400_000)
    shown.close()
    assert out.getvalue() == "Fetching what rs-agent needs, once: 400 KB.\n"


def test_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")
    out = Screen()
    bar.Bar(400_000, out).came(1000)
    assert "encore 399 Ko" in out.getvalue()
