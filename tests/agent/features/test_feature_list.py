"""The list of features: each line is true, and loads what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features import FEATURES, OFFERED
from rs_relay.link.spec import Permission
from tests.support.customer import FakeDesktop, FakeFace


@pytest.mark.parametrize("name", FEATURES)
def test_a_line_says_what_its_channel_says(name: str) -> None:
    spec = FEATURES[name].spec()
    assert spec.name == name
    assert spec.permission is FEATURES[name].permission


@pytest.mark.parametrize("name", FEATURES)
async def test_a_line_makes_the_feature_of_that_channel(name: str, tmp_path: Path) -> None:
    feature = FEATURES[name].make(Context(FakeDesktop(), FakeFace(), tmp_path, "alice", home=tmp_path))
    assert feature.spec is FEATURES[name].spec()


def test_only_chat_goes_without_a_grant() -> None:
    assert [name for name, entry in FEATURES.items() if entry.permission is None] == ["chat"]


def test_each_permission_has_its_feature() -> None:
    assert set(Permission) == OFFERED
