"""The verbs as a technician or a script uses them: arguments in, standard output and exit status out.

The network is a connector made of memory; everything else is real.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rs_cli import main
from rs_cli.session import dialled
from rs_cli.state import config
from rs_cli.state.book import Book
from rs_relay.channels.chat import MAX_TEXT, Who
from rs_relay.channels.clipboard import MAX_TEXT as MAX_CLIPBOARD
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission
from rs_relay.wire.messages import Customer
from tests.support.technician import RELAY, FakeConnector, entry

Result = tuple[int, str, str]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    connector = FakeConnector()
    monkeypatch.setattr(dialled, "connector_for", lambda relay: connector)
    monkeypatch.setattr(dialled, "Dialled", lambda relay: connector)
    return connector


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("RS_RELAY", RELAY)


@pytest.fixture
def rs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def call(*arguments: str, stdin: str | bytes = "") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        status = main.run(list(arguments))
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def held(network: FakeConnector) -> Book:
    book = Book()
    book.add(entry(customer="Maria's PC"))
    return book


def test_joining_prints_the_number_and_leaves_the_session_with_the_customer(
    rs: Callable[..., Result], network: FakeConnector
) -> None:
    status, out, err = rs("connect", stdin="482 915 733\n")
    assert (status, out) == (0, "1\n")
    assert "Maria's PC" in err
    assert Book().get(1).role == "joiner"
    assert not network.agent.links


def test_joining_in_json(rs: Callable[..., Result], network: FakeConnector) -> None:
    status, out, err = rs("connect", "482-915-733", "--json")
    assert (status, json.loads(out)["session"], err) == (0, 1, "")


def test_a_wrong_code(rs: Callable[..., Result], network: FakeConnector) -> None:
    status, out, err = rs("connect", "482-000-000")
    assert (status, out) == (4, "")
    assert "000" not in err
    status, out, err = rs("connect", "482-000-000", "--json")
    assert (status, json.loads(out)["error"]["code"], err) == (4, "wrong-code", "")


def test_a_code_for_the_customer(rs: Callable[..., Result], network: FakeConnector) -> None:
    network.typed.set()
    status, out, _ = rs("sessions", "new")
    assert (status, out) == (0, "482-915-733\n1\n")
    assert Book().get(1).role == "holder"
    assert network.retired
    status, out, _ = rs("sessions", "new", "--json")
    code, session = (json.loads(line) for line in out.splitlines())
    link = code.pop("link")
    assert code == {"code": "482-915-733", "valid_seconds": 900.0}
    assert link.startswith("http")
    assert link.endswith("/join#482-915-733")
    assert session["session"] == 2


def test_listing(rs: Callable[..., Result], held: Book) -> None:
    held.add(entry(customer="x\x1b[1m"))
    held.end(2, "done")
    status, out, err = rs("sessions", "list")
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith("1\tMaria's PC\tonline\t")
    assert second.startswith("2\tx\\x1b[1m\tended\t")
    _, out, _ = rs("sessions", "list", "--json")
    assert [(s["session"], s["state"]) for s in json.loads(out)] == [(1, "online"), (2, "ended")]


def test_listing_without_a_network(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    network.unreachable = True
    status, out, err = rs("sessions", "list")
    assert status == 0
    assert "unknown" in out
    assert "cannot be reached" in err


def test_listing_nothing(rs: Callable[..., Result], network: FakeConnector) -> None:
    assert rs("sessions", "list", "--json")[:2] == (0, "[]\n")
    status, out, err = rs("sessions", "list")
    assert (status, out) == (0, "")
    assert "rs connect" in err


def test_showing_one(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    network.agent.grants[Permission.VIEW] = Grant.GRANTED
    status, out, _ = rs("sessions", "show", "1", "--json")
    assert status == 0
    assert json.loads(out)["permissions"]["view"] == "granted"
    assert "view       granted" in rs("sessions", "show", "1")[1]
    network.unreachable = True
    status, out, err = rs("sessions", "show", "1", "--timeout", "0.2")
    assert status == 0
    assert "could not be reached" in err


def test_ending(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    status, out, _ = rs("sessions", "end", "1", "--reason", "Fixed.", "--json")
    assert (status, json.loads(out)) == (0, {"session": 1, "state": "ended", "customer_told": True})
    assert network.agent.goodbyes == ["Fixed."]
    assert rs("sessions", "end", "1")[0] == 7
    assert rs("sessions", "end", "4")[0] == 5


def test_asking(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    assert rs("sessions", "ask", "1", "view", "files")[:2] == (0, "view\tgranted\nfiles\tgranted\n")
    network.agent.answer = lambda permission: Grant.REFUSED
    status, out, _ = rs("sessions", "ask", "1", "view", "shell", "--json")
    assert (status, json.loads(out)["permissions"]) == (3, {"view": "granted", "shell": "refused"})
    status, _, err = rs("sessions", "ask", "1", "everything")
    assert status == 2
    assert "view, control" in err


def test_who_waits(rs: Callable[..., Result], network: FakeConnector) -> None:
    network.customers = (Customer("482", "a\u202eb", 75.0),)
    assert rs("sessions", "waiting")[1] == "482-…\ta\\u202eb\t1 min\n"
    assert json.loads(rs("sessions", "waiting", "--json")[1])[0]["slot"] == "482"


def test_saying_a_line(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    assert rs("chat", "1", "Hello") == (0, "", "")
    status, out, _ = rs("chat", "1", "again", "--json")
    assert (status, json.loads(out)["number"]) == (0, 2)
    assert [line.text for line in network.agent.lines] == ["Hello", "again"]


def test_a_pipe_says_each_line(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    assert rs("chat", "1", stdin="one\n\ntwo")[0] == 0
    assert [line.text for line in network.agent.lines] == ["one", "two"]


def test_the_history(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    asyncio.run(network.agent.say("evil\x1b[2J", Who.CUSTOMER, "M\u202e"))
    status, out, _ = rs("chat", "1", "--history")
    assert status == 0
    assert out.endswith("M\\u202e: evil\\x1b[2J\n")
    assert json.loads(rs("chat", "1", "--history", "--json")[1])["text"] == "evil\x1b[2J"


def test_a_text_too_long_to_chat(rs: Callable[..., Result], held: Book) -> None:
    assert rs("chat", "1", "x" * (MAX_TEXT + 1))[0] == 12


def test_the_clipboard_as_a_pipe(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    assert rs("clipboard", "set", "1", stdin="Grüße\n")[0] == 0
    assert network.agent.clipboard == "Grüße\n"
    assert rs("clipboard", "set", "1", "as an argument", "--json")[1] == '{"bytes": 14}\n'
    assert json.loads(rs("clipboard", "get", "1", "--json")[1]) == {"text": "as an argument"}


def test_a_clipboard_too_large_is_not_sent(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    network.agent.clipboard = "before"
    status, out, _ = rs("clipboard", "set", "1", "--json", stdin=b"x" * (MAX_CLIPBOARD + 1))
    assert (status, json.loads(out)["error"]["code"]) == (12, "too-large")
    assert network.agent.clipboard == "before"
    assert rs("clipboard", "set", "1", stdin=b"\xff\xfe")[0] == 2


def test_a_clipboard_that_is_refused(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    network.agent.answer = lambda permission: Grant.REFUSED
    assert rs("clipboard", "get", "1")[0] == 3


def test_signing_in_and_out(rs: Callable[..., Result], network: FakeConnector) -> None:
    status, out, err = rs("login", "https://relay.example.org", "--json", stdin="rst_secret\n")
    assert (status, json.loads(out)) == (0, {"relay": "wss://relay.example.org", "name": "anna"})
    assert "rst_secret" not in out + err
    assert config.stored().relays["wss://relay.example.org"].token == "rst_secret"
    assert rs("logout", "relay.example.org")[0] == 0
    assert config.stored() == config.Config()
    assert rs("logout")[0] == 2


@pytest.mark.parametrize("token", ["", "two words", "ünïcode", "x" * 600, "a\x1bb"])
def test_what_is_no_token(rs: Callable[..., Result], network: FakeConnector, token: str) -> None:
    status, out, err = rs("login", "wss://relay.example.org", stdin=token + "\n")
    assert status in (2, 8)
    assert config.stored() == config.Config()
    assert len(token) < 5 or token not in out + err


def test_a_relay_elsewhere_without_encryption(rs: Callable[..., Result]) -> None:
    status, _, err = rs("login", "ws://relay.example.org", stdin="rst_secret")
    assert status == 2
    assert "wss://" in err


def test_no_session_of_that_number(rs: Callable[..., Result], network: FakeConnector) -> None:
    for verb in (
        ("chat", "9", "x"),
        ("clipboard", "get", "9"),
        ("sessions", "show", "9"),
        ("sessions", "ask", "9", "view"),
    ):
        status, out, _ = rs(*verb, "--json")
        assert (status, json.loads(out)["error"]["code"]) == (5, "not-found")


def test_a_customer_who_is_away(rs: Callable[..., Result], held: Book, network: FakeConnector) -> None:
    network.unreachable = True
    status, _, err = rs("chat", "1", "x", "--timeout", "0.2")
    assert status == 6
    assert "could not be reached" in err


def test_nothing_but_the_answer_is_printed_in_a_pipe(rs: Callable[..., Result], held: Book) -> None:
    calls: list[Any] = [("chat", "1", "x"), ("clipboard", "set", "1", "x"), ("sessions", "ask", "1", "view", "--json")]
    for arguments in calls:
        assert rs(*arguments)[2] == ""
