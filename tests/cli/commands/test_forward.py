"""What `rs forward` refuses before it reaches for anybody, and how it tells what is ready."""

from __future__ import annotations

import json

import pytest

from rs_cli.commands import forward
from rs_cli.features.tunnel import Ready, Trouble
from rs_cli.main import run
from rs_cli.tunnel.forwarding import Rule, local, reverse, socks
from rs_relay.tunnel.dial import Place


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["1"], "Nothing to forward"),
        (["1", "8080"], "no forwarding"),
        (["1", "-R", "0.0.0.0:1:a:1"], "loopback only"),
        (["1", *(f"{n}:a:1" for n in range(1, 40))], "at most 32"),
    ],
)
def test_what_is_no_forwarding(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forward", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_port_for_others_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forward", "999", "*:8080:a:80", "-D", "1080"]) == 5  # there is no such session
    assert capsys.readouterr().err.count("Warning: other computers can connect to *:8080") == 1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (local("0:localhost:80"), "127.0.0.1:41 → localhost:80 (as the customer's computer reaches it)"),
        (reverse("0:localhost:80"), "127.0.0.1:41 at the customer's → localhost:80 (as this computer reaches it)"),
        (socks("0"), "127.0.0.1:41 → anywhere that the customer's computer reaches (SOCKS 4, 4a, 5)"),
    ],
)
def test_what_is_ready(rule: Rule, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    ready = Ready(rule, Place("127.0.0.1", 41))
    forward._Teller(1, False).tell(ready)
    assert capsys.readouterr().out == words + "\n"
    forward._Teller(1, True).tell(ready)
    told = json.loads(capsys.readouterr().out)
    assert (told["ready"], told["at"]["port"]) == (str(rule.way), 41)


def test_trouble_is_one_line_that_no_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    trouble = Trouble(socks("0"), Place("a\x1b[31m", 80), "no\nhow")
    forward._Teller(1, False).tell(trouble)
    assert capsys.readouterr().err == "a\\x1b[31m:80: no\\x0ahow\n"
