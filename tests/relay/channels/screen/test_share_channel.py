"""The share channel: the screen's messages said by the other end, and nothing that acts or chooses."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from rs_relay.channels.control.messages import Key, Move
from rs_relay.channels.screen import messages as screen
from rs_relay.channels.screen.messages import (
    Choose,
    Frame,
    Layout,
    Painted,
    Pause,
    Pointer,
    Refresh,
    Resume,
    Shape,
    Start,
    Tune,
)
from rs_relay.channels.screen.share import SPEC, Closed
from rs_relay.errors import PeerBroke
from rs_relay.link.spec import Permission, Priority

UP = [Layout(3, -1920, 0, 3840, 1080), Frame(9, 3, spans=(4, 1), data=b"data"), Pointer(-3, 4), Shape(1, 0, 0, 1, 1)]
DOWN = [Start(codecs=("jpeg",)), Painted(7), Pause(), Resume(), Refresh(), Closed()]


@pytest.mark.parametrize("message", UP, ids=lambda m: type(m).__name__)
def test_the_technician_shows(message: Any) -> None:
    data = msgspec.msgpack.encode(message)
    assert SPEC.decode_up(data) == message == screen.SPEC.decode_down(data)
    with pytest.raises(PeerBroke):
        SPEC.decode_down(data)


@pytest.mark.parametrize("message", DOWN, ids=lambda m: type(m).__name__)
def test_the_agent_looks(message: Any) -> None:
    data = msgspec.msgpack.encode(message)
    assert SPEC.decode_down(data) == message
    with pytest.raises(PeerBroke):
        SPEC.decode_up(data)


@pytest.mark.parametrize("message", [Choose(1), Tune(), Move(1, 2), Key("a", True)], ids=lambda m: type(m).__name__)
def test_the_agent_neither_chooses_nor_acts(message: Any) -> None:
    with pytest.raises(PeerBroke):
        SPEC.decode_down(msgspec.msgpack.encode(message))


def test_every_message_is_tried_here() -> None:
    assert {type(message) for message in UP} == set(get_args(SPEC.up))
    assert {type(message) for message in DOWN} == set(get_args(SPEC.down))


def test_it_needs_the_customers_yes_and_has_the_screens_bounds() -> None:
    assert (SPEC.name, SPEC.permission, SPEC.priority) == ("share", Permission.SHARE, Priority.SCREEN)
    assert (SPEC.max_message, SPEC.window) == (screen.SPEC.max_message, screen.SPEC.window)
