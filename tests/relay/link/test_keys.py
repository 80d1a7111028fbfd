"""The key schedule reproduces its vectors, record layer and confirmations included."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rs_relay.link.handshake import confirmation, derive, message
from rs_relay.link.keys import SUITE, H, extract, key, lp, mac

V = json.loads((Path(__file__).parents[2] / "vectors" / "schedule.json").read_text())


def _hex(name: str) -> bytes:
    return bytes.fromhex(V[name])


def test_the_schedule_is_the_one_that_is_written_down() -> None:
    prk, th, m3 = extract(H(SUITE), lp(_hex("isk"), _hex("kem_ss"))), _hex("th"), _hex("m3")
    assert prk == _hex("prk")
    assert key(prk, "confirm i", th) == _hex("confirm_i_key")
    assert key(prk, "payload i", th) == _hex("payload_i_key")
    payload = AESGCM(key(prk, "payload i", th)).encrypt(bytes(12), V["identity"].encode(), th)
    y_i = m3[5:37]
    assert message(3, y_i, payload, mac(key(prk, "confirm i", th), th, payload)) == m3
    th2 = H(th, m3)
    assert th2 == _hex("th2")
    assert key(prk, "confirm r", th2) == _hex("confirm_r_key")
    assert message(4, confirmation(prk, th2)) == _hex("m4")
    opened = derive(prk, th2, joiner=True, identity="")
    assert (opened.i2r, opened.r2i, opened.resume) == (_hex("i2r"), _hex("r2i"), _hex("resume"))
    assert (opened.sas_seed, opened.log_id) == (_hex("sas_seed"), V["log_id"])
    short = hmac.digest(opened.sas_seed, lp(b"\x01" * 32, b"\x02" * 32), "sha256")
    assert int.from_bytes(short[:8], "big") % 10**6 == 278794


def test_no_two_lists_of_parts_give_the_same_bytes() -> None:
    assert lp(b"ab", b"c") != lp(b"a", b"bc")
    assert lp(b"") != lp()
