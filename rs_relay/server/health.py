"""What `/healthz` says: to anybody, that the relay is alive; to this computer, how many are here. Never who."""

from __future__ import annotations

import msgspec

from rs_relay.wire.messages import VERSION


class Counts(msgspec.Struct, frozen=True):
    hosts: int
    controls: int
    links: int
    sockets: int
    codes: int


def report(*, stopping: bool, uptime: float, counts: Counts, near: bool) -> bytes:
    status = "stopping" if stopping else "ok"
    answer: dict[str, object] = {"status": status, "protocol": VERSION}
    if near:
        answer |= {"uptime": round(uptime, 1), "counts": msgspec.to_builtins(counts)}
    return msgspec.json.encode(answer) + b"\n"
