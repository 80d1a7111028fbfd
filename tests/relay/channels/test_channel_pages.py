"""The examples on the channels' pages are messages of those channels, and every message has one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from rs_relay.channels import (
    agent_service,
    appearance,
    chat,
    clipboard,
    clips,
    consent,
    draw,
    exec,
    folders,
    logs,
    manage,
    privacy,
    record,
    shell,
    sysinfo,
    tunnel,
    unattended,
    wake,
)
from rs_relay.channels.control import messages as control

PAGES = Path(__file__).parents[3] / "docs" / "protocol" / "channels"
CHANNELS: dict[str, Any] = {
    "agent-service": agent_service,
    "appearance": appearance,
    "chat": chat,
    "clipboard": clipboard,
    "clips": clips,
    "consent": consent,
    "control": control,
    "draw": draw,
    "exec": exec,
    "folders": folders,
    "logs": logs,
    "manage": manage,
    "privacy": privacy,
    "record": record,
    "shell": shell,
    "sysinfo": sysinfo,
    "tunnel": tunnel,
    "unattended": unattended,
    "wake": wake,
}
EXAMPLE = re.compile(r"^(technician|agent) +(\{.*\})$", re.MULTILINE)


def tags(types: Any) -> set[str]:
    return {str(kind.__struct_config__.tag) for kind in (get_args(types) or (types,))}


@pytest.mark.parametrize("name", CHANNELS)
def test_every_message_has_its_example_and_every_example_is_a_message(name: str) -> None:
    spec = CHANNELS[name].SPEC
    shown: dict[str, set[str]] = {"technician": set(), "agent": set()}
    for who, text in EXAMPLE.findall((PAGES / f"{name}.md").read_text()):
        example = json.loads(text)
        said, decode = (spec.up, spec.decode_up) if who == "technician" else (spec.down, spec.decode_down)
        message = msgspec.json.decode(text, type=said)  # (bytes are shown in base64)
        assert decode(msgspec.msgpack.encode(message)) == message
        assert json.loads(msgspec.json.encode(message)) == example  # every field, and no other
        shown[who].add(example["type"])
    assert shown == {"technician": tags(spec.up), "agent": tags(spec.down)}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_page_names_its_permission(name: str) -> None:
    permission = CHANNELS[name].SPEC.permission
    first = (PAGES / f"{name}.md").read_text().split("```")[0]
    assert (f"`{permission}`" if permission else "No permission") in first
