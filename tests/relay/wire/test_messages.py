from __future__ import annotations

import typing

import msgspec

from rs_relay.wire import closing, limits, messages


def test_every_message_has_a_tag_of_its_own_and_cannot_be_changed() -> None:
    kinds = typing.get_args(messages.FromClient) + typing.get_args(messages.FromRelay)
    tags = [kind.__struct_config__.tag for kind in kinds]
    assert len(set(tags)) == len(kinds)
    assert all(kind.__struct_config__.frozen for kind in kinds)


def test_a_client_says_nothing_that_the_relay_does_not_know() -> None:
    assert all(kind.__struct_config__.forbid_unknown_fields for kind in typing.get_args(messages.FromClient))


def test_a_client_takes_a_message_of_a_newer_relay() -> None:
    newer = b'{"type":"welcome","version":1,"motto":"new"}'
    assert msgspec.json.decode(newer, type=messages.FromRelay) == messages.Welcome(1)


def test_close_codes_are_ours_or_the_standards() -> None:
    codes = {name: code for name, code in vars(closing).items() if name.isupper()}
    assert len(set(codes.values())) == len(codes)
    assert all(1000 <= code <= 1015 or 4000 <= code <= 4999 for code in codes.values())


def test_a_whole_record_of_the_link_passes() -> None:
    assert limits.LINK_MESSAGE >= 256 * 1024 + 29
