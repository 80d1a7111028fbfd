"""`rs-relay serve` as a process: when it starts, when it refuses to, and how it ends."""

from __future__ import annotations

import os
import socket
import stat
import time
import urllib.request
from pathlib import Path

import pytest

from rs_relay.server.accounts import is_token
from rs_relay.wire import closing
from rs_relay.wire.messages import Restarting
from tests.support.relay import RelayProcess, RelayUnderTest, relay_command, relay_process


def test_it_says_where_it_is_and_ends_cleanly(tmp_path: Path) -> None:
    with relay_process(tmp_path, "--open", "--name", "the help desk") as relay:
        assert f"relay ready at {relay.url}\n" in relay.log()
        health = urllib.request.urlopen(relay.url.replace("ws://", "http://") + "/healthz", timeout=10)
        assert health.status == 200
        start = time.monotonic()
        assert relay.terminate() == 0
        assert time.monotonic() - start < 10


async def test_a_polite_end_tells_everybody(tmp_path: Path) -> None:
    with relay_process(tmp_path) as relay:
        async with RelayUnderTest(relay.url, None).host() as host:  # type: ignore[arg-type]
            assert relay.terminate() == 0
            await host.hear(Restarting)
            assert await host.closed() == closing.RESTARTING


def test_on_an_empty_directory_it_does_not_start_and_opens_nothing(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        data = tmp_path / "data"
        done = relay_command("serve", "--listen", f"127.0.0.1:{port}", "--data", str(data))
        assert done.returncode == 2
        assert "rs-relay technician add NAME" in done.stderr
        assert not data.exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_when_the_last_technician_is_removed_it_does_not_start_either(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert relay_command("technician", "add", "Ana", "--data", data).returncode == 0
    assert relay_command("technician", "remove", "Ana", "--data", data).returncode == 0
    assert relay_command("serve", "--listen", "127.0.0.1:0", "--data", data).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--open", "--listen", "0.0.0.0:0"], "open relay"),
        (["--listen", "0.0.0.0:0"], "without TLS"),
        (["--listen", "nowhere"], "not an address"),
        (["--open", "--trusted-proxy", "x"], "not a network"),
        (["--open", "--tls-cert", "missing.pem"], "both"),
        (["--open", "--tls-cert", "missing.pem", "--tls-key", "missing.pem"], "cannot be read"),
    ],
)
def test_what_it_refuses_in_one_sentence(arguments: list[str], says: str) -> None:
    done = relay_command("serve", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2, "a sentence and a hint"


def test_a_port_that_is_taken_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = relay_command("serve", "--open", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "cannot listen" in done.stderr


async def test_a_technician_who_is_removed_by_another_process_is_cut_off(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    old = os.umask(0)
    try:
        token = relay_command("technician", "add", "Ana", "--data", data).stdout.strip()
        relay_command("technician", "add", "Ben", "--data", data)
        assert is_token(token)
        with relay_process(tmp_path, "--data", data, "--verbose") as relay:
            async with RelayUnderTest(relay.url, None).control(token) as control:  # type: ignore[arg-type]
                assert control.welcome is not None
                assert control.welcome.name == "Ana"
                assert _modes(Path(data)) == {0o600}
                assert relay_command("technician", "remove", "Ana", "--data", data).returncode == 0
                start = time.monotonic()
                assert await control.closed() == closing.REVOKED
                assert time.monotonic() - start < 30
            assert token.encode() not in relay.log().encode() + _on_disk(Path(data)) + _of_process(relay.pid)
    finally:
        os.umask(old)


def _modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}


def _on_disk(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.iterdir())


def _of_process(pid: int) -> bytes:
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))


def test_a_log_holds_kinds_of_messages_and_nothing_they_hold(tmp_path: Path) -> None:
    relay = RelayProcess(tmp_path, "--open", "--verbose")
    relay.start()
    try:
        urllib.request.urlopen(relay.url.replace("ws://", "http://") + "/healthz", timeout=10).read()
    finally:
        relay.terminate()
    assert "healthz" not in relay.log(), "not even what was asked for"
