"""CONNECT, and every answer to it: the RFCs' own examples, and what proxies send."""

from __future__ import annotations

import pytest

from rs_relay.way import http
from rs_relay.way.http import authorization, challenge, connect, digest, head
from rs_relay.way.proxy import Proxy
from rs_relay.way.step import HEAD, Step
from rs_relay.way.words import Closed, Why

NOBODY, SOMEBODY = Proxy("http", "p", 3128), Proxy("http", "p", 3128, "Mufasa", "Circle of Life")


def _after(proxy: Proxy, *answers: bytes) -> list[Step]:
    """The steps until the way is open."""
    steps = connect(proxy, "relay.test", 443)
    made = [next(steps)]
    for answer in answers:
        try:
            made.append(steps.send(answer))
        except StopIteration:
            return made
    raise AssertionError("it still waits")


def _why(proxy: Proxy, *answers: bytes) -> Why:
    with pytest.raises(Closed) as closed:
        _after(proxy, *answers)
    return closed.value.why


def test_let_through_at_once_and_nothing_of_the_name_is_said() -> None:
    assert _after(SOMEBODY, b"HTTP/1.0 200 Connection established") == [
        Step(b"CONNECT relay.test:443 HTTP/1.1\r\nHost: relay.test:443\r\n\r\n", HEAD)
    ]


def test_basic_is_answered_on_a_new_connection() -> None:
    asked = b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="squid"'
    first, second = _after(SOMEBODY, asked, b"HTTP/1.1 200 OK")
    assert not first.anew
    assert second.anew
    assert b"Proxy-Authorization: Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl\r\n" in second.send


def test_digest_goes_before_basic_and_the_password_not_over_the_line() -> None:
    asked = b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="b"\r\nProxy-Authenticate: Digest realm="d", nonce="n"'
    sent = _after(SOMEBODY, asked, b"HTTP/1.1 200 OK")[1].send
    assert b"Authorization: Digest username=" in sent
    assert b"Circle" not in sent


def test_rfc_7616s_example_by_its_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 3.9.1, whose method and path are another: the same hashes, seen from the response alone."""
    nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    realm = "http-auth@example.org"
    md5 = http.HASHES["MD5"]
    one, two = md5(f"Mufasa:{realm}:Circle of Life".encode()), md5(b"GET:/dir/index.html")
    assert md5(f"{one}:{nonce}:00000001:{cnonce}:auth:{two}".encode()) == "8ca523f5e9506fed4657c9700eebdbec"
    said = digest({"realm": realm, "nonce": nonce, "qop": "auth", "opaque": "o"}, SOMEBODY, "r:443", cnonce)
    ours = md5(f"{one}:{nonce}:00000001:{cnonce}:auth:{md5(b'CONNECT:r:443')}".encode())
    assert f'response="{ours}"' in said
    assert 'opaque="o", qop=auth, nc=00000001' in said


def test_the_stronger_hash_is_taken() -> None:
    weak = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
    offered = [f"{weak}, {weak.replace('MD5', 'SHA-256')}"]
    assert "algorithm=SHA-256" in authorization(offered, SOMEBODY, "r:443")


@pytest.mark.parametrize(
    ("proxy", "answers", "why"),
    [
        (NOBODY, [b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="x"'], Why.WANTS_NAME),
        (SOMEBODY, [b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="x"'] * 2, Why.WRONG_NAME),
        (SOMEBODY, [b"HTTP/1.1 407 X\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate"], Why.NOT_KNOWN_HOW),
        (NOBODY, [b"HTTP/1.1 407 X\r\nProxy-Authenticate: NTLM TlRMTVNTUAAC=="], Why.NOT_KNOWN_HOW),
        (
            SOMEBODY,
            [b'HTTP/1.1 407 X\r\nProxy-Authenticate: Digest realm="x", nonce="n", algorithm=X'],
            Why.NOT_KNOWN_HOW,
        ),
        (NOBODY, [b"HTTP/1.1 407 X"], Why.PROXY_BROKE),
        (NOBODY, [b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html"], Why.PROXY_FORBIDS),
        (NOBODY, [b"HTTP/1.1 405 No"], Why.PROXY_FORBIDS),
        (NOBODY, [b"HTTP/1.1 503 Later"], Why.PROXY_CANNOT),
        (NOBODY, [b"HTTP/1.1 302 Found\r\nLocation: http://login.hotel.example/"], Why.LOGIN_PAGE),
        (NOBODY, [b"HTTP/1.1 511 Network Authentication Required"], Why.LOGIN_PAGE),
        (NOBODY, [b"SSH-2.0-OpenSSH"], Why.PROXY_BROKE),
        (NOBODY, [b"\x05\xff"], Why.PROXY_BROKE),
    ],
)
def test_what_stands_in_the_way(proxy: Proxy, answers: list[bytes], why: Why) -> None:
    assert _why(proxy, *answers) is why


def test_challenges_as_they_are_sent() -> None:
    assert challenge('Digest realm="a, \\"b\\"", nonce=abc, qop="auth,auth-int", Basic realm="x y"') == [
        ("digest", {"realm": 'a, "b"', "nonce": "abc", "qop": "auth,auth-int"}),
        ("basic", {"realm": "x y"}),
    ]
    assert [scheme for scheme, _ in challenge("Negotiate, NTLM")] == ["negotiate", "ntlm"]
    assert challenge("") == challenge('="x"') == []


def test_a_head() -> None:
    read = head(b"HTTP/1.1 407 Proxy Authentication Required\r\nA: 1\r\nproxy-authenticate:  Basic\r\nA: 2\r\nnonsense")
    assert (read.status, read.every("a"), read.one("proxy-authenticate"), read.one("b")) == (
        407,
        ["1", "2"],
        "Basic",
        "",
    )
