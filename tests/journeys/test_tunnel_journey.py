"""Tunnels through real programs: a web server behind the customer, curl at the technician's, and a relay that dies."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.stage import RsStage
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def web(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "page").write_text("from the web server")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def curl(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(["curl", "-sS", "-m", "25", *arguments], capture_output=True, text=True, timeout=40)
    return done.returncode, done.stdout


def test_a_browser_goes_through_and_nothing_after_it_was_taken_back(web: int) -> None:
    with RsStage() as stage:
        stage.start_agent("--desktop", "headless", allow="tunnel")
        stage.join()
        rules = [f"0:localhost:{web}", "-R", f"0:localhost:{web}", "-D", "0"]
        program = stage.begin("forward", stage.session, *rules, "--json")
        out = program.stdout
        if out is None:
            raise RuntimeError("no pipe")
        ready = [json.loads(out.readline()) for _ in range(3)]
        at = {each["ready"]: each["at"]["port"] for each in ready}
        page = "from the web server"
        assert curl(f"http://127.0.0.1:{at['local']}/page") == (0, page)
        assert curl(f"http://[::1]:{at['local']}/page") == (0, page)
        assert curl(f"http://127.0.0.1:{at['reverse']}/page") == (0, page)
        proxy = f"127.0.0.1:{at['socks']}"
        assert curl("--socks5-hostname", proxy, f"http://localhost:{web}/page") == (0, page)
        assert curl("--socks4a", proxy, f"http://localhost:{web}/page") == (0, page)
        assert curl("--socks5-hostname", proxy, "http://localhost:1/")[0] == 97
        stage.agent.wait_for("connects through this computer to", 20)
        stage.kill_relay()
        stage.start_relay()
        end = time.monotonic() + 60
        while curl(f"http://127.0.0.1:{at['local']}/page") != (0, page) and time.monotonic() < end:
            time.sleep(0.3)
        assert curl(f"http://127.0.0.1:{at['local']}/page") == (0, page)
        until(lambda: curl(f"http://127.0.0.1:{at['reverse']}/page") == (0, page), "the port at the customer's", 60)
        stage.agent.type("/withdraw tunnel\n")
        assert program.wait(20) == 3
        assert curl(f"http://127.0.0.1:{at['reverse']}/page")[0] == 7
