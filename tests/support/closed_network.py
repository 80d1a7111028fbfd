"""A customer's network, closed to the outside: two network namespaces with one cable between them.

    inside   10.213.7.2, where agent and technician run: no route out, no name server
    outside  10.213.7.1 (its end of the cable, where a proxy listens) and 10.213.8.1, a relay called relay.test

With `routed` there is a way out, but a firewall lets TCP to these ports through and drops all else.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

GATE, RELAY, NAME = "10.213.7.1", "10.213.8.1", "relay.test"
_HOSTS = f"127.0.0.1 localhost\n{RELAY} {NAME}\n"


@dataclass(frozen=True)
class ClosedNetwork:
    inside: tuple[str, ...]  # what a command begins with to run there
    outside: tuple[str, ...]


def impossible() -> str:
    """Why there can be none here; '' where there can."""
    if os.name != "posix" or os.geteuid():
        return "network namespaces need root"
    if not shutil.which("ip", path="/usr/sbin:/usr/bin:/sbin"):
        return "there is no `ip` here (iproute2)"
    name = f"rs-try-{secrets.token_hex(3)}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "this machine makes no network namespaces"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


@contextlib.contextmanager
def closed_network(routed: Sequence[int] = ()) -> Iterator[ClosedNetwork]:
    mark = secrets.token_hex(3)
    inside, outside = f"rs-in-{mark}", f"rs-out-{mark}"
    known = [outside, *([inside] if routed else [])]  # who can look the relay's name up
    try:
        for name in (inside, outside):
            _do("ip", "netns", "add", name)
            _do("ip", "-n", name, "link", "set", "lo", "up")
        for name in known:
            folder = Path("/etc/netns") / name
            folder.mkdir(parents=True)
            (folder / "hosts").write_text(_HOSTS)
        _do("ip", "-n", outside, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", inside)
        for name, address in ((outside, GATE), (inside, "10.213.7.2")):
            _do("ip", "-n", name, "address", "add", f"{address}/24", "dev", "cable")
            _do("ip", "-n", name, "link", "set", "cable", "up")
        _do("ip", "-n", outside, "address", "add", f"{RELAY}/32", "dev", "lo")
        if routed:
            _do("ip", "-n", inside, "route", "add", "default", "via", GATE)
            _firewall(inside, routed)
        yield ClosedNetwork(("ip", "netns", "exec", inside), ("ip", "netns", "exec", outside))
    finally:
        for name in (inside, outside):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / name, ignore_errors=True)


def _firewall(name: str, ports: Sequence[int]) -> None:
    rules = f"""\
table inet rs {{
    chain out {{
        type filter hook output priority 0; policy drop;
        oif "lo" accept
        tcp dport {{ {", ".join(map(str, ports))} }} accept
    }}
}}
"""
    subprocess.run(["ip", "netns", "exec", name, "nft", "-f", "-"], input=rules, text=True, check=True)


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
