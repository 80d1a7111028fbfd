"""A device moves into its service whole or not at all, and a service that is removed leaves the journal alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent.journal import FILE as JOURNAL
from rs_agent.machine.service.base import State
from rs_agent.unattended import identity, serving
from rs_agent.unattended.enrolment import Settings, Unattended
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from rs_relay.link.verifier import SMALL


class FakeService:
    def __init__(self, home: Path | None, refuse: bool = False, state: State = State.RUNNING) -> None:
        self.home, self.refuse, self.now = home, refuse, state
        self.command: list[str] = []

    def install(self, command: Sequence[str]) -> None:
        if self.refuse:
            raise LocalProblem("systemd did not take the service.")
        self.command = list(command)

    def state(self) -> State:
        return self.now

    def remove(self) -> None:
        self.command = []


@pytest.fixture
def own(tmp_path: Path) -> Unattended:
    kept = Unattended(tmp_path / "own")
    kept.enable("correct horse 42", "wss://relay.example.org", Settings(), SMALL)
    return kept


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_device_moves(own: Unattended, tmp_path: Path) -> None:
    home, before, key = tmp_path / "service", own.require(), identity.load(own.state)
    assert key is not None
    serving.install(FakeService(home), own.state)
    assert Unattended(home).require() == before
    moved = identity.load(home)
    assert moved is not None
    assert moved.private_bytes_raw() == key.private_bytes_raw()
    assert files(own.state) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.iterdir())


def test_what_is_handed_over_is_used_and_whoever_hands_it_keeps_it(own: Unattended, tmp_path: Path) -> None:
    home, handed = tmp_path / "service", serving.handed_over(own)
    serving.install(FakeService(home), tmp_path / "roots", handed)
    assert Unattended(home).require() == own.require()
    assert str(own.require().rejoin) not in repr(serving._parsed(handed))


def test_a_service_that_does_not_come_about_leaves_nothing(own: Unattended, tmp_path: Path) -> None:
    before = files(own.state)
    with pytest.raises(LocalProblem):
        serving.install(FakeService(tmp_path / "service", refuse=True), own.state)
    assert not (tmp_path / "service").exists()
    assert files(own.state) == before


def test_a_users_own_serves_from_the_users_state(own: Unattended) -> None:
    service = FakeService(None)
    before = files(own.state)
    serving.install(service, own.state)
    assert service.command[-2:] != []
    assert "--service" in service.command
    assert files(own.state) == before
    serving.remove(service)
    assert files(own.state) == before


def test_where_nobody_may_come_in_there_is_nothing_to_serve(tmp_path: Path) -> None:
    for service in (FakeService(tmp_path / "service"), FakeService(None)):
        with pytest.raises(LocalProblem) as refused:
            serving.install(service, tmp_path / "own")
        assert "unattended enable" in refused.value.hint
    with pytest.raises(NoSuchSession):
        serving.handed_over(Unattended(tmp_path / "own"))


@pytest.mark.parametrize("handed", [b"{}", b"\xff", b"x" * (serving.MOST + 1), b'{"record": {}, "key": "00"}'])
def test_what_is_handed_over_is_looked_at(tmp_path: Path, handed: bytes) -> None:
    with pytest.raises(UsageError):
        serving.install(FakeService(tmp_path / "service"), tmp_path / "own", handed)
    assert not (tmp_path / "service").exists()


def test_removed_it_leaves_the_record_of_what_was_done(own: Unattended, tmp_path: Path) -> None:
    home = tmp_path / "service"
    serving.install(service := FakeService(home), own.state)
    (home / "home" / "Downloads").mkdir(parents=True)
    (home / "resume-ticket").write_text("x")
    (home / JOURNAL).write_text("{}\n")
    (home / "away").symlink_to(tmp_path / "own")
    serving.remove(service)
    assert files(home) == [JOURNAL]
    (home / JOURNAL).unlink()
    serving.remove(service)
    assert not home.exists()
    assert own.state.exists()  # what a link points to is not its own
    serving.remove(service)  # not to be there is no error


def test_who_goes_on_with_a_session_after_a_restart(
    own: Unattended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = {True: FakeService(None, state=State.MISSING), False: FakeService(tmp_path / "service")}
    monkeypatch.setattr(serving, "service", lambda user: services[user])
    assert serving.takes_tickets(own.state, "headless") is None  # neither is there for this user
    services[True].now = State.RUNNING
    assert serving.takes_tickets(own.state, "headless") == own.state
    assert serving.takes_tickets(own.state, "x11") is None  # who has a desktop is to see it come back
    assert serving.state_of_the_computers(own.state) == own.state
    services[True].now = State.STOPPED
    serving.install(services[False], own.state)
    assert serving.takes_tickets(own.state, "headless") == tmp_path / "service"
    assert serving.state_of_the_computers(own.state) == tmp_path / "service"
