"""Ports for programs that must be told one: below those that a system hands out by itself, so that nothing takes it
between two lines of a test, also while a relay is away. Each process of tests begins at a place of its own."""

from __future__ import annotations

import itertools
import os
import socket

FIRST, COUNT, APART = 10_000, 20_000, 997  # Linux hands out 32768 and on; APART has no divisor in common with COUNT

_next = itertools.count(os.getpid() * APART)


def free_port() -> int:
    """One of 127.0.0.1 on which nobody listens; it is told once."""
    for number in itertools.islice(_next, COUNT):
        port = FIRST + number % COUNT
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise RuntimeError("no port is free here")
