"""An ordinary customer's network: nothing goes out but by a proxy, or by a port that a firewall lets through."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import certificate, proxies, stage
from tests.support.closed_network import GATE, NAME, RELAY, ClosedNetwork, closed_network, impossible
from tests.support.stage import BIN, CODE, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop, until

REASON = impossible()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
SQUID = pytest.mark.skipif(not proxies.there("squid"), reason="there is no squid here")
# The system's Python of this one's version, without anything that a venv has brought.
PLAIN = Path(f"/usr/bin/python3.{sys.version_info[1]}")
NFT = pytest.mark.skipif(not proxies.there("nft"), reason="there is no nft here (nftables)")


class FarStage(RsStage):
    """Its relay is outside, behind TLS, at `port`; agent and technician are inside."""

    def __init__(self, display: str, folder: Path, network: ClosedNetwork, at: int) -> None:
        super().__init__(display, folder)
        self.network, self.port = network, at

    def start_relay(self) -> None:
        self.trusted, key = certificate.make(self.folder, NAME)
        data = ["--data", str(self.folder / "relay")]
        added = subprocess.run(
            [str(BIN / "rs-relay"), "technician", "add", "alice", *data], capture_output=True, text=True, check=True
        )
        self.token = next(word for word in added.stdout.split() if word.startswith("rst_"))
        address = self.folder / "address"
        command = [*self.network.outside, str(BIN / "rs-relay"), "serve", "--listen", f"{RELAY}:{self.port}", *data]
        command += ["--tls-cert", str(self.trusted), "--tls-key", str(key), "--port-file", str(address)]
        with (self.folder / "relay.log").open("ab") as log:
            self.relay = subprocess.Popen(command, stdout=log, stderr=log)
        until(address.exists, "the relay")
        self.url = f"wss://{NAME}:{self.port}"

    def _env(self, name: str, **more: str) -> dict[str, str]:
        return super()._env(name, SSL_CERT_FILE=str(self.trusted), **more)

    def login(self, *options: str, url: str = "", password: str = "") -> str:
        text = f"{self.token}\n{password}\n"
        done = self.attempt("login", url or self.url, *options, text=text)
        return done.stderr if done.returncode else ""


def _wrapped(folder: Path, before: Sequence[str]) -> Path:
    """The programs, each of which runs inside."""
    folder.mkdir()
    for name in ("rs", "rs-agent"):
        (folder / name).write_text(f'#!/bin/sh\nexec {" ".join(before)} {BIN / name} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def network() -> Iterator[ClosedNetwork]:
    with closed_network() as made:
        yield made


def _stage(
    desktop: XDesktop, tmp_path: Path, network: ClosedNetwork, monkeypatch: pytest.MonkeyPatch, at: int = 8200
) -> FarStage:
    monkeypatch.setattr(stage, "BIN", _wrapped(tmp_path / "bin", network.inside))
    (tmp_path / "stage").mkdir()
    return FarStage(desktop.display, tmp_path / "stage", network, at)


def _settings(there: FarStage, *lines: str) -> None:
    file = there.folder / "customer" / "config" / "agent.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["brakes = false", *lines]) + "\n")


def _a_whole_session(there: FarStage, tmp_path: Path) -> None:
    there.run("chat", there.session, "hello there")
    there.agent.wait_for("hello there", 20)
    there.run("screenshot", there.session, str(tmp_path / "a.png"), timeout=60)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "big").write_bytes(bytes(range(256)) * 8192)
    there.run("send-file", there.session, str(tmp_path / "big"))
    (came,) = there.home.rglob("big")
    assert came.read_bytes() == (tmp_path / "big").read_bytes()


@SQUID
@pytest.mark.parametrize("log_in", ["basic", "digest"])
def test_a_session_through_a_proxy_that_wants_a_name_and_its_restart(
    log_in: str, desktop: XDesktop, tmp_path: Path, network: ClosedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        proxies.squid(GATE, log_in=log_in, before=network.outside) as proxy,
        _stage(desktop, tmp_path, network, monkeypatch) as there,
    ):
        told = there.login("--proxy", f"{GATE}:3128")
        assert "wants a name and a password" in told
        assert "does not accept" in there.login("--proxy", f"{proxies.USER}@{GATE}:3128", password="wrong")
        assert there.login("--proxy", f"{proxies.USER}@{GATE}:3128", password=proxies.PASSWORD) == ""
        _settings(there, f'proxy = "http://{proxies.USER}:{quote(proxies.PASSWORD, safe="")}@{GATE}:3128"')
        there.start_agent()
        there.join()
        _a_whole_session(there, tmp_path)
        proxy.stop()
        lost = there.attempt("chat", "--timeout", "10", there.session, "lost")
        assert "proxy of this network cannot be reached" in lost.stderr
        proxy.start()
        end = time.monotonic() + 60
        while there.attempt("chat", there.session, "back again").returncode:
            assert time.monotonic() < end
        there.agent.wait_for("back again", 20)
        for folder in (there.folder / "customer" / "state", there.folder / "technician"):
            for file in (path for path in folder.rglob("*") if path.is_file() and path.name != "relays.json"):
                assert proxies.PASSWORD.encode() not in file.read_bytes(), file
                assert quote(proxies.PASSWORD, safe="").encode() not in file.read_bytes(), file


@SQUID
def test_the_environment_names_the_proxy_and_it_lets_only_443_through(
    desktop: XDesktop, tmp_path: Path, network: ClosedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        proxies.squid(GATE, before=network.outside, ports="443"),
        _stage(desktop, tmp_path, network, monkeypatch, at=443) as there,
    ):
        for person in (there.customer, there.technician):
            person["https_proxy"] = f"http://{GATE}:3128"
            person["RS_RELAY"] = f"wss://{NAME}:9000"  # where it is for those who are not behind this proxy
        assert there.login(url=f"wss://{NAME}:9000") == ""
        there.start_agent()
        there.join()
        _a_whole_session(there, tmp_path)
        assert (there.folder / "technician" / "state" / "ways.json").stat().st_mode & 0o777 == 0o600


@NFT
def test_a_firewall_that_lets_one_port_through_costs_time_once(
    desktop: XDesktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        closed_network(routed=(443,)) as network,
        _stage(desktop, tmp_path, network, monkeypatch, at=443) as there,
    ):
        there.customer["RS_RELAY"] = there.technician["RS_RELAY"] = f"wss://{NAME}:9000"
        assert there.login(url=f"wss://{NAME}:9000") == ""
        there.start_agent()
        there.join()
        _a_whole_session(there, tmp_path)
        ways = json.loads((there.folder / "technician" / "state" / "ways.json").read_text())
        assert [port for port, _ in ways.values()] == [443]


def test_no_way_out_is_said_in_words(
    desktop: XDesktop, tmp_path: Path, network: ClosedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _stage(desktop, tmp_path, network, monkeypatch) as there:
        assert "name is not known in this network" in there.login()
        assert "proxy of this network cannot be reached" in there.login("--proxy", f"{GATE}:3128")
        assert "must not be an argument" in there.login("--proxy", f"http://a:b@{GATE}:3128")


@SQUID
@pytest.mark.skipif(not PLAIN.exists(), reason=f"there is no {PLAIN} here")
@pytest.mark.parametrize("log_in", ["basic", "digest"])
def test_the_downloaded_agent_fetches_the_rest_through_the_proxy(
    log_in: str, desktop: XDesktop, tmp_path: Path, network: ClosedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's relay has another port than the one that this proxy lets through."""
    build = [str(BIN / "rs-relay"), "agents", "build", "--fast", "--data", str(tmp_path / "stage" / "relay")]
    with (
        proxies.squid(GATE, log_in=log_in, before=network.outside, ports="443"),
        _stage(desktop, tmp_path, network, monkeypatch, at=443) as there,
    ):
        subprocess.run([*build, "--relay", f"wss://{NAME}:9000"], check=True, capture_output=True, timeout=110)
        program = str(there.folder / "relay" / "agents" / "rs-agent.pyz")
        command = [*network.inside, str(PLAIN), "-I", program, "--console"]
        environ = {**there.customer, "RS_CACHE_DIR": str(tmp_path / "cache"), "LANGUAGE": "fr"}
        with Terminal(command, environ, columns=110) as refused:
            refused.wait_for("Vérifiez|Check the connection", 40)
        environ = {**environ, "https_proxy": f"http://{GATE}:3128"}
        with Terminal(command, environ, columns=110) as refused:
            refused.wait_for("demande un nom et un mot de passe", 40)
        word = quote(proxies.PASSWORD, safe="")
        _settings(there, f'proxy = "http://{proxies.USER}:{word}@{GATE}:3128"')
        with Terminal(command, environ, columns=110) as agent:
            agent.wait_for(CODE, 60)
            fetched = {path.name for path in (tmp_path / "cache").glob("*/*")}
            assert "msgspec" in fetched
