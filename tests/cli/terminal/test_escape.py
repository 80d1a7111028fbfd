from __future__ import annotations

import pytest

from rs_cli.terminal.escape import Act, Escape

PASTE = b"\x1b[200~"
PASTED = b"\x1b[201~"


def fed(*parts: bytes) -> list[bytes | Act]:
    escape, found = Escape(), list[bytes | Act]()
    for part in parts:
        for said in escape.feed(part):
            if isinstance(said, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += said
            else:
                found.append(said)
    return found


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"ls\r", [b"ls\r"]),
        (b"~.", [Act.END]),
        (b"ls\r~d", [b"ls\r", Act.LEAVE]),
        (b"a~.", [b"a~."]),
        (b"~~.", [b"~."]),
        (b"~/bin\r", [b"~/bin\r"]),
        (b"~\r~?x", [b"~\r", Act.HELP, b"x"]),
        (b"~\x1b[A", [b"~\x1b[A"]),
        (PASTE + b"x\r~.\r" + PASTED + b"\r~.", [PASTE + b"x\r~.\r" + PASTED + b"\r", Act.END]),
        ("~é".encode(), ["~é".encode()]),
    ],
)
def test_only_a_tilde_at_the_start_of_a_line_is_ours(typed: bytes, said: list[bytes | Act]) -> None:
    assert fed(typed) == said
    assert fed(*[bytes((byte,)) for byte in typed]) == said
