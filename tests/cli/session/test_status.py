from __future__ import annotations

import pytest

from rs_cli.session.status import Connecting, Ended, Lost, Open, Status, Stopped, sentence
from rs_relay.errors import SignInNeeded


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Connecting(1), "connecting"),
        (Connecting(3), "connecting, attempt 3"),
        (Open(2), "connected"),
        (Lost("The connection was lost.", 2.4), "The connection was lost. Trying again in 2 s."),
        (Ended("the customer left"), "ended: the customer left"),
        (Stopped(None), "closed"),
        (Stopped(SignInNeeded("The relay does not know you.")), "The relay does not know you."),
    ],
)
def test_each_state_has_a_sentence(status: Status, said: str) -> None:
    assert sentence(status) == said
