"""Names of one batch that are one name here: the second gets a number, and keeps it."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.transfer.folder import HeldFolder
from rs_relay.transfer.taken import Taken, folds_case


class Folding(HeldFolder):
    """To it names are the same that differ in case."""

    def stat(self, name: str) -> os.stat_result:
        return super().stat(next((n for n in self.names() if n.casefold() == name.casefold()), name))


@pytest.fixture
def folding(tmp_path: Path) -> Iterator[Folding]:
    folder = Folding(os.open(tmp_path, os.O_RDONLY))
    yield folder
    folder.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[HeldFolder]:
    folder = HeldFolder(os.open(tmp_path, os.O_RDONLY))
    yield folder
    folder.close()


def test_the_second_spelling_gets_a_number_and_keeps_it(folding: Folding, tmp_path: Path) -> None:
    (tmp_path / "A").write_text("of before")
    (tmp_path / "A (1)").write_text("of before, too")
    taken = Taken()
    assert [taken.name(folding, name, name) for name in ("a", "A", "a", "A", "b")] == ["a", "A (2)", "a", "A (2)", "b"]


def test_a_number_is_not_the_name_of_another(folding: Folding) -> None:
    taken = Taken()
    assert [taken.name(folding, name, name) for name in ("a", "a (1)", "A")] == ["a", "a (1)", "A (2)"]


def test_what_a_disk_tells_apart_is_two_and_nothing_is_remembered(plain: HeldFolder) -> None:
    taken = Taken()
    assert [taken.name(plain, name, name) for name in ("a", "A", "a")] == ["a", "A", "a"]
    assert taken._owners == {}


def test_two_ways_to_write_one_letter_on_any_disk(plain: HeldFolder) -> None:
    taken = Taken()
    one, two = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    assert [taken.name(plain, sent, one) for sent in (one, two, two)] == ["é", "é (1)", "é (1)"]


@pytest.mark.parametrize("there", [[], ["1"], ["a"], [".rs-part-0"]])
def test_whether_a_folder_folds_is_seen_and_leaves_no_trace(
    plain: HeldFolder, folding: Folding, tmp_path: Path, there: list[str]
) -> None:
    for name in there:
        (tmp_path / name).touch()
    assert not folds_case(plain)
    assert folds_case(folding)
    assert sorted(os.listdir(tmp_path)) == there
