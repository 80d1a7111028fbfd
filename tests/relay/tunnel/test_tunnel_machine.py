"""What may be said of a connection, and how many bytes."""

from __future__ import annotations

import pytest

from rs_relay.channels.tunnel import CONNECTIONS, START
from rs_relay.errors import PeerBroke
from rs_relay.tunnel.machine import BUDGET, LARGEST, MAX_CREDIT, TABLE, Connection, State, Table, Word


def opened(table: Table) -> Connection:
    connection = table.ask()
    table.heard(connection.id, Word.HEAR_OPENED)
    return connection


def test_ids_of_the_two_ends_never_meet() -> None:
    technician, agent = Table(1), Table(2)
    assert [technician.ask().id for _ in range(3)] == [1, 3, 5]
    assert [agent.ask().id for _ in range(2)] == [2, 4]
    assert [agent.asked(1).id, agent.asked(3).id] == [1, 3]


@pytest.mark.parametrize("id", [0, 2, 3, -1, 4])
def test_the_other_end_counts_on_from_one(id: int) -> None:
    with pytest.raises(PeerBroke):
        Table(2).asked(id)


@pytest.mark.parametrize("id", [0, -1, 2, 3])
def test_a_word_about_what_never_was_breaks_the_rules(id: int) -> None:
    table = Table(1)
    opened(table)
    with pytest.raises(PeerBroke):
        table.heard(id, Word.HEAR_DATA)


def test_both_ends_over_and_it_is_gone_and_late_words_pass() -> None:
    table = Table(1)
    connection = opened(table)
    assert table.say(connection, Word.SAY_END)
    assert table.heard(1, Word.HEAR_DATA) is connection  # the other way goes on
    table.heard(1, Word.HEAR_END)
    assert (connection.state, len(table)) == (State.GONE, 0)
    assert table.heard(1, Word.HEAR_WINDOW) is None
    assert not table.say(connection, Word.SAY_RESET)


@pytest.mark.parametrize("word", [Word.HEAR_DATA, Word.HEAR_END])
def test_who_has_ended_says_no_more(word: Word) -> None:
    table = Table(1)
    opened(table)
    table.heard(1, Word.HEAR_END)
    with pytest.raises(PeerBroke):
        table.heard(1, word)


@pytest.mark.parametrize("word", [w for w in Word if w.value.startswith("hear")])
def test_what_may_be_heard_before_the_answer(word: Word) -> None:
    table = Table(1)
    connection = table.ask()
    if (State.ASKING, word) in TABLE:
        assert table.heard(connection.id, word) is connection
    else:
        with pytest.raises(PeerBroke):
            table.heard(connection.id, word)


def test_every_connection_can_be_broken_off_from_either_side() -> None:
    for state in State:
        if state not in (State.GONE, State.ASKING):
            assert TABLE[state, Word.HEAR_RESET] is State.GONE
        if state not in (State.GONE, State.ANSWERING):
            assert TABLE[state, Word.SAY_RESET] is State.GONE


def test_more_than_was_granted_breaks_the_rules() -> None:
    table = Table(1)
    connection = opened(table)
    table.took(connection, START)
    with pytest.raises(PeerBroke):
        table.took(connection, 1)


def test_a_slow_socket_is_granted_what_it_has_written_and_no_more() -> None:
    table = Table(1)
    connection = opened(table)
    table.took(connection, START)
    assert table.grant(connection, START, smooth=False) == 0
    assert table.grant(connection, 1000, smooth=False) == START - 1000
    assert connection.granted + 1000 == START == connection.window


def test_a_window_grows_with_use_to_its_largest() -> None:
    table = Table(1)
    connection = opened(table)
    for _ in range(10_000):
        table.took(connection, min(connection.granted, 16 * 1024))
        table.grant(connection, 0, smooth=True)
    assert connection.window == LARGEST
    assert connection.granted + connection.owed == LARGEST


def test_all_windows_together_stay_in_the_budget() -> None:
    table = Table(1)
    connections = [opened(table) for _ in range(CONNECTIONS)]
    for _ in range(200):
        for connection in connections:
            table.took(connection, connection.granted)
            table.grant(connection, 0, smooth=True)
    assert sum(c.window for c in connections) <= BUDGET
    assert table.full
    for connection in connections:
        table.heard(connection.id, Word.HEAR_RESET)
    assert (table._windows, len(table)) == (0, 0)


@pytest.mark.parametrize("size", [0, -1, MAX_CREDIT + 1, MAX_CREDIT])
def test_a_grant_that_is_none(size: int) -> None:
    table = Table(1)
    connection = opened(table)
    with pytest.raises(PeerBroke):
        table.credited(connection, size)
