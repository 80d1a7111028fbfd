"""The examples of the tunnel's page are its messages; they hold bytes, which JSON shows in base64."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import get_args

import msgspec

from rs_relay.channels.tunnel import SPEC
from tests.relay.channels.test_channel_pages import EXAMPLE, PAGES


def test_every_example_is_a_message_and_every_message_has_one() -> None:
    page = (Path(PAGES) / "tunnel.md").read_text()
    shown: dict[str, set[str]] = {"technician": set(), "agent": set()}
    for who, text in EXAMPLE.findall(page):
        example = json.loads(text)
        shown[who].add(example["type"])
        if "data" in example:
            example["data"] = base64.b64decode(example["data"])
        decode = SPEC.decode_up if who == "technician" else SPEC.decode_down
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(decode(msgspec.msgpack.encode(example)))) == example
    both = {"data", "window", "end", "reset", "opened", "refused"}
    assert shown["technician"] | both == {str(kind.__struct_config__.tag) for kind in get_args(SPEC.up)}
    assert shown["agent"] | both == {str(kind.__struct_config__.tag) for kind in get_args(SPEC.down)}
    assert both <= shown["technician"] | shown["agent"]
    assert "`tunnel`" in page.split("```")[0]
