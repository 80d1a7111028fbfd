"""CPace against the draft's vectors, against another implementation, and against values of low order."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import cpace as oracle
import pytest

from rs_relay.link import cpace

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "cpace.json").read_text())
G = {k: bytes.fromhex(v) for k, v in VECTORS["G_25519"].items()}


def test_the_drafts_vectors() -> None:
    g = cpace.generator(G["PRS"], G["CI"], G["sid"])
    assert g == G["g"]
    assert cpace.x25519(G["ya"], g) == G["Ya"]
    assert cpace.x25519(G["yb"], g) == G["Yb"]
    assert cpace.x25519(G["ya"], G["Yb"]) == cpace.x25519(G["yb"], G["Ya"]) == G["K"]
    assert cpace.isk(G["sid"], G["K"], G["Ya"], G["ADa"], G["Yb"], G["ADb"]) == G["ISK_IR"]


@pytest.mark.parametrize("name", [f"Invalid Y{n}" for n in (0, 1, 2, 3, 4, 5, 7)])
def test_values_of_low_order_are_refused(name: str) -> None:
    with pytest.raises(cpace.LowOrder):
        cpace.x25519(secrets.token_bytes(32), bytes.fromhex(VECTORS["X25519_points"][name]))


def test_another_implementation_agrees() -> None:
    for _ in range(50):
        prs, sid, ci = secrets.token_bytes(6), secrets.token_bytes(32), secrets.token_bytes(20)
        other = oracle.CPace.start(role=oracle.CPaceRole.INITIATOR, prs=prs, sid=sid, ci=ci, ad=b"R")
        g = cpace.generator(prs, ci, sid)
        y = secrets.token_bytes(32)
        mine = cpace.x25519(y, g)
        other.derive(mine, b"I")
        k = cpace.x25519(y, other.public_share)
        assert cpace.isk(sid, k, other.public_share, b"R", mine, b"I") == other.isk


def test_another_secret_context_or_session_is_another_generator() -> None:
    base = cpace.generator(b"secret", b"context", b"session")
    assert base != cpace.generator(b"secres", b"context", b"session")
    assert base != cpace.generator(b"secret", b"contexs", b"session")
    assert base != cpace.generator(b"secret", b"context", b"sessios")
