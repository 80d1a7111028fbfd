from __future__ import annotations

import ipaddress
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request

from rs_relay.server.upgrade import Head, answer, bearer, client_address, new_protocol, read_request

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("127.0.0.1/32"))


def request(**headers: str) -> Request:
    return Request("/host", Headers([(k.replace("_", "-"), v) for k, v in headers.items()]))


@given(st.binary(max_size=60), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_the_head_is_cut_off_at_the_first_empty_line_however_it_comes(rest: bytes, steps: list[int]) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    collected, data, turn = Head(1000), head + rest, 0
    while data:
        step = steps[turn % len(steps)]
        found = collected.add(data[:step])
        data, turn = data[step:], turn + 1
        if found is not None:
            assert found[0] == head
            assert found[1] + data == rest
            return
    pytest.fail("no head was found")


@pytest.mark.parametrize("step", [1, 100, 5000])
def test_a_head_that_does_not_end_is_too_long(step: int) -> None:
    head = Head(1000)
    with pytest.raises(ValueError, match="too long"):
        for _ in range(5000 // step):
            head.add(b"x" * step)


def test_a_head_that_ends_beyond_the_limit_is_too_long() -> None:
    with pytest.raises(ValueError, match="too long"):
        Head(1000).add(b"x" * 2000 + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "fine"),
    [
        (b"GET /host HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"GET /host HTTP/2\r\n\r\n", False),
        (b"GET\r\n\r\n", False),
        (b"\x16\x03\x01\r\n\r\n", False),
        (b"POST /host HTTP/1.1\r\nContent-Length: 5\r\n\r\n", False),
        (b"POST /host HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"GET /host HTTP/1.1\r\nno colon\r\n\r\n", False),
    ],
)
def test_what_is_a_request(head: bytes, fine: bool) -> None:
    assert (read_request(new_protocol(4096), head) is not None) is fine


def test_a_token_is_taken_from_one_bearer_header_only() -> None:
    assert bearer(request(Authorization="Bearer rst_x")) == "rst_x"
    assert bearer(request(Authorization="bearer  rst_x ")) == "rst_x"
    assert bearer(request(Authorization="Basic rst_x")) == ""
    assert bearer(request()) == ""
    two = Request("/", Headers([("Authorization", "Bearer a"), ("Authorization", "Bearer b")]))
    assert bearer(two) == ""


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", "203.0.113.9", (), "192.0.2.1"),
        ("127.0.0.1", "203.0.113.9", (), "127.0.0.1"),
        ("192.0.2.1", "203.0.113.9", PROXIES, "192.0.2.1"),
        ("127.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.1.2.3", PROXIES, "203.0.113.9"),
        ("127.0.0.1", "1.1.1.1, 10.1.2.3", PROXIES, "1.1.1.1"),
        ("127.0.0.1", "1.1.1.1, nonsense", PROXIES, "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1, 10.0.0.2", PROXIES, "127.0.0.1"),
        ("::ffff:127.0.0.1", "[2001:db8::7]", PROXIES, "2001:db8::7"),
        ("127.0.0.1", "", PROXIES, "127.0.0.1"),
    ],
)
def test_forwarded_addresses_count_from_trusted_proxies_only(
    peer: str, forwarded: str, trusted: tuple[ipaddress.IPv4Network, ...], expected: str
) -> None:
    assert client_address(peer, request(X_Forwarded_For=forwarded), trusted) == expected


def test_several_forwarded_headers_are_one_list() -> None:
    asked = Request("/", Headers([("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "203.0.113.9")]))
    assert client_address("127.0.0.1", asked, PROXIES) == "203.0.113.9"


def test_an_answer_is_whole_and_closes() -> None:
    data = answer(HTTPStatus.NOT_FOUND, b"no\n", extra="X-More: 1\r\n")
    assert data.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert data.endswith(b"X-More: 1\r\n\r\nno\n")
    assert b"Content-Length: 3\r\n" in data
