"""The ciphers come when they are used, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rs_relay.link import primitives


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_a_link_is_imported_without_a_cipher() -> None:
    modules = "handshake, resume, seal, keys, cpace, link, dial, session"
    assert _run(f"import sys; from rs_relay.link import {modules}; print('cryptography' in sys.modules)") == "False"


def test_load_brings_all_that_a_link_uses() -> None:
    assert (
        _run("from rs_relay.link import primitives as p; p.load(); print(all(n in vars(p) for n in p._HOMES))")
        == "True"
    )


def test_a_name_that_is_no_cipher_is_none() -> None:
    with pytest.raises(AttributeError):
        primitives.MD5  # type: ignore[attr-defined] # noqa: B018


def test_where_the_package_is_missing_load_says_so() -> None:
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from rs_relay.link import primitives\n"
        "try: primitives.load()\nexcept ImportError: print('missing')"
    )
    assert _run(code) == "missing"
