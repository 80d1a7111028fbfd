"""Brakes: what waits, and what is to be read first."""

from __future__ import annotations

from pathlib import Path

from rs_agent.brakes import POWERFUL, Brakes
from rs_relay.link.spec import Permission


def test_the_warning_comes_once_to_a_computer(tmp_path: Path) -> None:
    brakes = Brakes(tmp_path / "state")
    assert brakes.warn()
    brakes.heeded()
    assert not brakes.warn()
    assert not Brakes(tmp_path / "state").warn()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_where_it_cannot_be_remembered_it_comes_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the folder's place")
    brakes = Brakes(tmp_path / "state")
    brakes.heeded()
    assert brakes.warn()


def test_what_acts_upon_the_computer_is_braked() -> None:
    assert {Permission.CONTROL, Permission.FILES, Permission.DISK, Permission.SHELL, Permission.TUNNEL} <= POWERFUL
    assert Permission.VIEW not in POWERFUL
