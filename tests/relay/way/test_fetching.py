"""A file comes by the way the agent goes, whole or not at all; what another has put in the way is told."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from rs_relay.way import fetching
from rs_relay.way.fetching import Fetcher
from rs_relay.way.proxy import Proxy
from rs_relay.way.words import Closed, Why
from tests.support import proxies
from tests.support.ports import free_port

FILE = bytes(range(256)) * 1000
DIGEST = b'HTTP/1.1 407 X\r\nProxy-Authenticate: Digest realm="x", nonce="y", qop="auth"\r\nContent-Length: 0\r\n\r\n'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FILE) + FILE


@contextlib.contextmanager
def _server(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Gives one answer to each connection's head, and closes it; (its port, what it was told)."""
    told: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                with contextlib.suppress(OSError):
                    one, _ = server.accept()
                    with one:
                        told.append(one.recv(4096))
                        one.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], told


def _why(fetcher: Fetcher) -> Why:
    with pytest.raises(Closed) as stopped:
        fetcher.get("/agents/a", len(FILE))
    return stopped.value.why


def test_a_file_and_how_much_of_it_came() -> None:
    came: list[int] = []
    with _server(WHOLE) as (port, told):
        assert Fetcher(f"http://127.0.0.1:{port}/below").get("/agents/a", len(FILE), came.append) == FILE
    assert sum(came) == len(FILE)
    assert told[0].startswith(b"GET /below/agents/a HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (WHOLE[:-1], Why.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + FILE, Why.UNREACHABLE),
        (b"HTTP/1.1 404 No\r\n\r\n", Why.UNREACHABLE),
        (b"nonsense\r\n\r\n", Why.UNREACHABLE),
        (b"", Why.UNREACHABLE),
        (b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n", Why.LOGIN_PAGE),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", Why.LOGIN_PAGE),
    ],
)
def test_what_is_not_that_file(answer: bytes, why: Why) -> None:
    with _server(answer) as (port, _):
        assert _why(Fetcher(f"http://127.0.0.1:{port}")) is why


def test_without_a_length_no_more_than_a_byte_over() -> None:
    with _server(b"HTTP/1.0 200 OK\r\n\r\n" + FILE + b"and more") as (port, _):
        assert Fetcher(f"http://127.0.0.1:{port}").get("/a", len(FILE)).startswith(FILE)


def test_nobody_there() -> None:
    assert _why(Fetcher(f"http://127.0.0.1:{free_port()}")) is Why.UNREACHABLE


def test_another_port_has_it_and_is_known_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    with _server(page) as (own, first), _server(page) as (wrong, _), _server(WHOLE, WHOLE) as (right, _):
        order = (own, wrong, right)
        monkeypatch.setattr(fetching, "ports", lambda url, known=None: (known, *order) if known else order)
        fetcher = Fetcher(f"http://127.0.0.1:{own}")
        assert fetcher.get("/a", len(FILE)) == FILE
        assert fetcher.get("/a", len(FILE)) == FILE
        assert len(first) == 1


def test_a_proxy_that_wants_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
    with _server(asked, b"HTTP/1.1 200 OK\r\n\r\n") as (port, told):
        fetching.through(Proxy("http", "127.0.0.1", port, "me", "pw"), "relay.test", 443).close()
        assert b"Basic bWU6cHc=" not in told[0]
        assert b"Basic bWU6cHc=" in told[1]
    with _server(*[asked] * 4) as (port, _):
        assert _why(Fetcher("https://relay.test", f"http://127.0.0.1:{port}")) is Why.WANTS_NAME
    with _server(*[asked] * 8) as (port, _):
        assert _why(Fetcher("https://relay.test", f"http://me:no@127.0.0.1:{port}")) is Why.WRONG_NAME


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"x" * 20000])
def test_a_proxy_that_is_none(answer: bytes) -> None:
    with _server(answer) as (port, _), pytest.raises(Closed) as stopped:
        fetching.through(Proxy("http", "127.0.0.1", port), "relay.test", 443)
    assert stopped.value.why is Why.PROXY_BROKE


def test_a_proxy_that_is_away_silent_or_written_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    away = f"socks5://127.0.0.1:{free_port()}"
    assert _why(Fetcher("https://relay.test", away)) is Why.PROXY_AWAY
    assert _why(Fetcher("https://relay.test", "ftp://proxy.test")) is Why.PROXY_BROKE
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert _why(Fetcher("https://relay.test", mute)) is Why.PROXY_AWAY


@pytest.mark.skipif(not proxies.there("microsocks"), reason="there is no microsocks here")
def test_through_socks() -> None:
    port = free_port()
    with proxies.microsocks("127.0.0.1", port, log_in=True), _server(WHOLE) as (relay, _):
        proxy = Proxy("socks5", "127.0.0.1", port, proxies.USER, proxies.PASSWORD)
        with fetching.through(proxy, "127.0.0.1", relay) as one:
            one.sendall(b"GET /")
            assert one.recv(8) == WHOLE[:8]


FINDER = """
import sys
from rs_relay.way.fetching import Fetcher
from rs_relay.way.words import Closed

class Finder:
    def find_spec(self, name, path, target=None):  # Python holds its lock for imports meanwhile
        if name != "wanted":
            return None
        try:
            Fetcher(sys.argv[1], sys.argv[2]).get("/agents/a", 256000)
            print("came")
        except Closed as e:
            print(e.why.name)
        return None

sys.meta_path.append(Finder())
try:
    import wanted
except ImportError:
    pass
"""


@pytest.mark.parametrize(
    ("url", "proxy", "answers", "said"),
    [
        ("http://127.0.0.1:{port}", "direct", [WHOLE], "came"),
        ("https://127.0.0.1:{port}", "direct", [b"no TLS"], "NO_TLS"),
        ("https://relay.test", "http://me:no@127.0.0.1:{port}", [DIGEST], "WRONG_NAME"),
        ("https://relay.test", "http://127.0.0.1:{port}", [b"HTTP/1.1 200 OK\r\n\r\nno TLS"], "NO_TLS"),
    ],
)
def test_from_a_finder_in_the_middle_of_an_import(url: str, proxy: str, answers: list[bytes], said: str) -> None:
    with _server(*answers * 8) as (port, _told):
        command = [sys.executable, "-c", FINDER, url.format(port=port), proxy.format(port=port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == (said, "")
