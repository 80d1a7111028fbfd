"""Whether JSON is what `rs_cli.command_line.answers` promises: every field, no other, the right types."""

from __future__ import annotations

import json
from types import UnionType
from typing import Any, get_args

import msgspec

from rs_cli.command_line.answers import ANSWERS


def convert(kind: Any, value: Any) -> Any:
    """Raises msgspec.ValidationError. A union of structs without tags is tried one by one."""
    if isinstance(kind, UnionType) and not any(one.__struct_config__.tag for one in get_args(kind)):
        errors = []
        for one in get_args(kind):
            try:
                return msgspec.convert(value, one, strict=True)
            except msgspec.ValidationError as e:
                errors.append(e)
        raise errors[-1]
    return msgspec.convert(value, kind, strict=True)


def check(name: str, out: str) -> list[Any]:
    """Each line of what `rs NAME --json` printed; the values."""
    lines = [line for line in out.splitlines() if line]
    assert lines, f"rs {name} printed nothing"
    for line in lines:
        convert(ANSWERS[name], json.loads(line))
    return [json.loads(line) for line in lines]
