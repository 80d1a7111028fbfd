"""Access codes: how one is made, and which of a person's own are refused."""

from __future__ import annotations

import secrets

from rs_agent.language import N_
from rs_relay.errors import UsageError
from rs_relay.link.verifier import plain

SHORTEST = 10  # characters
LONGEST = 128
DISTINCT = 5  # different characters, at the least
# What stands at the head of every list of stolen passwords, in pieces: a code that is little more than one of them and
# some digits is found in the first thousand tries.
COMMON = (
    "password", "passwort", "motdepasse", "letmein", "welcome", "willkommen", "bienvenue", "qwertyuiop", "azertyuiop",
    "qwertzuiop", "asdfghjkl", "iloveyou", "administrator", "admin", "changeme", "football", "baseball", "superman",
    "princess", "sunshine", "starwars", "trustno1", "monkey", "dragon", "master", "support", "remote", "access",
    "zugang", "secret", "geheim", "abcdefghij", "qazwsxedc", "1q2w3e4r5t", "unattended", "teamviewer", "anydesk",
)  # fmt: skip
LEFT = 5  # characters that must be left when the common pieces are taken away
_ORDER = "01234567890123456789 abcdefghijklmnopqrstuvwxyz"


def make() -> str:
    """Ten random digits, as they are read aloud: `482 915 7331`."""
    digits = f"{secrets.randbelow(10**10):010d}"
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def check(code: str) -> str:
    """`plain(code)`. Raises UsageError for one that is too easily guessed."""
    code = plain(code)
    if len(code) < SHORTEST:
        raise UsageError(
            N_("That access code is too short."), N_("Ten characters at the least; several words are good.")
        )
    if len(code) > LONGEST or not code.isprintable():
        raise UsageError(N_("That cannot be an access code."), N_("At most 128 characters that can be typed."))
    if _easy(code.casefold()):
        raise UsageError(N_("That access code is among the first that are tried."), N_("Take several unrelated words."))
    return code


def _easy(code: str) -> bool:
    if len(set(code)) < DISTINCT:
        return True
    if any(code == code[:n] * (len(code) // n) for n in range(1, len(code) // 2 + 1) if len(code) % n == 0):
        return True
    if any(code[at : at + 8] in text for text in (_ORDER, _ORDER[::-1]) for at in range(len(code) - 7)):
        return True
    left = code
    for piece in COMMON:
        left = left.replace(piece, "")
    return left != code and len([c for c in left if c.isalpha()]) < LEFT
