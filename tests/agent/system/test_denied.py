from __future__ import annotations

import pytest

from rs_agent.system.denied import error_of
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem, NoSuchSession


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(1, "", "Access denied"), LocalProblem),
        (Said(4, "cron: unrecognized service", ""), NoSuchSession),
        (Said(1, "", " * rc-service: service `x' does not exist"), NoSuchSession),
        (Said(1, "", " * sshd: superuser access required"), LocalProblem),
        (Said(7, "", ""), LocalProblem),
    ],
)
def test_what_a_manager_answers(said: Said, kind: type[Exception]) -> None:
    error = error_of(said, "cron", ["service", "cron", "restart"])
    assert type(error) is kind
    assert error.hint


def test_rights_come_from_a_person() -> None:
    error = error_of(Said(1, "", "Permission denied"), "cron", ["service", "cron", "restart"])
    assert "`rs exec SESSION --tty -- sudo service cron restart`" in error.hint


def test_a_complaint_is_only_shown() -> None:
    assert "\x1b" not in error_of(Said(1, "", "\x1b[31mbroken\nmore"), "cron", ["x"]).message
