"""Access codes: made, and refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from rs_agent import language
from rs_agent.unattended import access_code
from rs_relay.errors import UsageError
from rs_relay.link.verifier import plain


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    language.use("en")
    yield
    language.use(None)


@pytest.mark.parametrize(("spoken", "name"), [("en", "english"), ("fr", "french"), ("de", "english")])
def test_four_words_that_any_keyboard_types(spoken: str, name: str) -> None:
    language.use(spoken)
    known = access_code._words(name)
    assert len(set(known)) == len({word[:4] for word in known}) == access_code.SIZE
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 8 for word in known)
    made = {access_code.make() for _ in range(50)}
    assert len(made) == 50
    for code in made:
        assert set(code.split(" ")) <= set(known)
        assert len(code.split(" ")) == 4
        assert plain(code) == plain(code.upper().replace(" ", "-")) == code
        assert access_code.check(code) == code


def test_ten_digits_where_they_are_wanted_or_there_are_no_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = {access_code.make(digits=True) for _ in range(50)}
    assert len(made) == 50
    digits = plain(next(iter(made)))
    assert len(digits) == 10
    assert digits.isdigit()
    assert plain(f" {digits[:5]}-{digits[5:]} ") == digits
    for found in (None, ModuleSpec("mnemonic", None, origin=str(tmp_path / "__init__.py"))):
        monkeypatch.setattr(access_code, "find_spec", lambda name, found=found: found)
        assert plain(access_code.make()).isdigit()
    (tmp_path / "wordlist").mkdir()
    (tmp_path / "wordlist" / "english.txt").write_text("only three words\n")
    assert plain(access_code.make()).isdigit()


@pytest.mark.parametrize(
    "code",
    [
        "correct horse 42",
        "F\u00fcnf blaue \u00c4pfel",
        "tomato-lamp-seven",
        "x9$kQ2!mR4",
        "4829157331",
        "le petit chat noir",
    ],
)
def test_good_ones(code: str) -> None:
    access_code.check(code)


@pytest.mark.parametrize(
    "code",
    [
        "", "short", "123456789", "1234567890", "0987654321", "1111111111", "1212121212", "abcabcabcabc", "password123",
        "Password2026!", "P@ssw0rd2026", "qwertyuiop", "AZERTYUIOP1", "motdepasse1", "administrator", "letmein2024",
        "abcdefghij", "welcome12345", "a" * 200, "line\nbreak and more", "support2026", "marseille13", "0102030405",
        "1q2w3e4r5t6y", "drowssap2026", "Bienvenue2026", "1029384756",
    ],
)  # fmt: skip
def test_those_that_are_tried_first(code: str) -> None:
    with pytest.raises(UsageError):
        access_code.check(code)


def test_none_of_the_ten_thousand_most_common_passwords() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    common = FREQUENCY_LISTS["passwords"][:10_000]
    assert len(set(common)) == 10_000
    long = [password for password in common if len(password) >= access_code.SHORTEST]
    assert len(long) > 50
    for code in long:
        for written in (code, code.capitalize(), f"{code}1"):
            with pytest.raises(UsageError):
                access_code.check(written)


def test_the_longest_one_is_judged_in_no_time() -> None:
    access_code.check("".join(f"{n * 7919 % 97:02d}x" for n in range(42)))


def test_its_lists_are_loaded_for_a_code_alone() -> None:
    script = (
        "import sys; import rs_agent.commands.unattended, rs_agent.features.unattended;"
        "sys.exit(any(name.partition('.')[0] in ('zxcvbn', 'mnemonic') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
