from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.server.accounts import LENGTH, Account, StoredAccounts, hash_of, is_token, new_token
from rs_relay.server.admission import Technician


class Book:
    def __init__(self, *accounts: Account) -> None:
        self.accounts = accounts
        self.asked = 0

    def find(self, token_hash: bytes) -> Account | None:
        self.asked += 1
        return next((a for a in self.accounts if a.token_hash == token_hash), None)

    def technicians(self) -> tuple[Account, ...]:
        return self.accounts


def test_a_token_is_256_random_bits_with_a_check() -> None:
    tokens = {new_token() for _ in range(500)}
    assert len(tokens) == 500
    assert all(is_token(t) and len(t) == LENGTH and t.startswith("rst_") for t in tokens)


@given(st.integers(0, LENGTH - 1), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_mistyped_token_is_known_as_such(at: int, other: str) -> None:
    token = new_token()
    changed = token[:at] + other + token[at + 1 :]
    assert is_token(changed) == (changed == token)


@given(st.text(max_size=60))
def test_what_is_no_token_is_none(text: str) -> None:
    assert not is_token(text)


def test_the_hash_is_of_the_whole_token() -> None:
    token = new_token()
    assert hash_of(token) == hashlib.sha256(token.encode()).digest()


async def test_the_account_of_a_token_is_found_and_nonsense_is_not_even_looked_up() -> None:
    token = new_token()
    book = Book(Account("Ana", hash_of(token), 0.0))
    with ThreadPoolExecutor(1) as thread:
        accounts = StoredAccounts(book, thread)
        assert await accounts.find(token) == Technician("Ana", hash_of(token))
        assert await accounts.find(new_token()) is None
        assert book.asked == 2
        for nonsense in ("", "rst_", token[:-1], token + "x", token.upper(), "rst_é"):
            assert await accounts.find(nonsense) is None
        assert book.asked == 2
        assert await accounts.valid() == frozenset({Technician("Ana", hash_of(token))})


def test_a_token_does_not_show_in_the_technician_it_is_of() -> None:
    token = new_token()
    assert token not in repr(Technician("Ana", hash_of(token)))
