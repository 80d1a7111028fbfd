"""Access codes: how one is made, and which of a person's own are refused.

Made: four of 2048 words, in the customer's language (44 bits), or ten digits (33 bits). At the most 144 tries a day,
as a device allows, the digits last 95 000 years to half of them. The words are BIP 39's, with the package `mnemonic`
(MIT): simple ones of three to eight letters, told apart by the first four, the French without homophones; accents fall.

A person's own is judged by `zxcvbn`, which knows the 30 000 most common passwords, names, words, dates and keyboards'
rows, and how they are varied. It finds out what few guesses need; where it sees nothing it counts letters.
"""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path

from rs_agent import language
from rs_agent.language import N_
from rs_relay.errors import UsageError
from rs_relay.link.verifier import WORDS, plain

SHORTEST = 10  # characters
LONGEST = 128
GUESSES = 10**8  # that a code of one's own must be worth; zxcvbn calls it safe where each costs an Argon2id
LISTS = {"fr": "french"}  # by language; all others have the English one
SIZE = 2048  # words in each
# Common, and not in zxcvbn's lists, which are of English speakers: French and German ones, other keyboards, our trade.
COMMON = (
    "motdepasse", "bienvenue", "azertyuiop", "qsdfghjklm", "azerty", "jetaime", "soleil", "doudou", "loulou",
    "chouchou", "marseille", "passwort", "willkommen", "qwertzuiop", "qwertz", "geheim", "zugang", "hallo", "schatz",
    "sommer", "administrateur", "administrator", "support", "remote", "access", "unattended", "teamviewer", "anydesk",
    "rustdesk",
)  # fmt: skip


def make(digits: bool = False) -> str:
    """As it is read aloud: `amber lotus ride zebra`, or `482 915 7331`. May block while the words are fetched; where
    they cannot be had, it is digits."""
    words = () if digits else _words(LISTS.get(language.spoken(), "english"))
    if words:
        return " ".join(secrets.choice(words) for _ in range(WORDS))
    number = f"{secrets.randbelow(10**10):010d}"
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def check(code: str) -> str:
    """`plain(code)`. Raises UsageError for one that is too easily guessed."""
    code = plain(code)
    if len(code) < SHORTEST:
        raise UsageError(
            N_("That access code is too short."), N_("Ten characters at the least; several words are good.")
        )
    if len(code) > LONGEST or not code.isprintable():
        raise UsageError(N_("That cannot be an access code."), N_("At most 128 characters that can be typed."))
    from zxcvbn import zxcvbn  # 2 MB of lists, for this alone

    if zxcvbn(code, user_inputs=COMMON, max_length=LONGEST)["guesses"] < GUESSES:
        raise UsageError(N_("That access code is among the first that are tried."), N_("Take several unrelated words."))
    return code


def _words(name: str) -> tuple[str, ...]:
    """All of a list, as they are typed; none where it is not to be had."""
    try:
        spec = find_spec("mnemonic")  # found, and not loaded: its code is of no use here
        if spec is None or spec.origin is None:
            return ()
        text = (Path(spec.origin).parent / "wordlist" / f"{name}.txt").read_text(encoding="utf-8")
    except (ImportError, OSError):
        return ()
    words = {plain(f"{word} aaa aaa aaa").split(" ")[0] for word in text.split()}
    return tuple(sorted(words)) if len(words) == SIZE else ()
