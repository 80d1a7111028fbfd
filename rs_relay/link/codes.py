"""The support code: what is read over the phone. Digits only, so that any two languages can say it.

    482-915-733     the leading digits are the *slot*, public, given by the relay: where the two ends meet
        └─────┴──   the last six are the *secret*, made by the end that shows the code; it never leaves either end

The split is fixed here and never told by the relay: one that lies cannot ask for more digits. There is no check digit
(it would cost a guesser a factor of ten); a slip of the tongue costs one of three tries.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from rs_relay.errors import WrongCode

SECRET_DIGITS = 6
LONG_SECRET_DIGITS = 8  # codes of 12 digits and more: for relays under attack
MAX_WRONG = 3  # wrong secrets, counted by the end that made the code; then it is retired
LIFETIME = 15 * 60.0  # seconds an unused code stays valid

_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n-.\u00a0\u202f\u2009\u2010\u2011\u2012\u2013"))


@dataclass(frozen=True)
class Code:
    """A parsed code. Its text is a secret: `repr` and `str` do not show it."""

    slot: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.slot}-***"

    def spoken(self) -> str:
        """As a person sees and reads it: groups of three from the end, the rest first."""
        digits = self.slot + self.secret
        groups: list[str] = []
        while len(digits) > 4:
            groups.insert(0, digits[-3:])
            digits = digits[:-3]
        return "-".join([digits, *groups])


def make_secret() -> str:
    """Six fresh random digits."""
    return f"{secrets.randbelow(10**SECRET_DIGITS):0{SECRET_DIGITS}d}"


def parse(text: str) -> Code:
    """Any way a person types it: other scripts' digits, spaces, dashes and dots. Raises WrongCode."""
    plain = "".join(_digit(c) for c in text.translate(_SEPARATORS))
    if not re.fullmatch("[0-9]{9,14}", plain):
        raise WrongCode("That is not a support code.", "A code has nine digits or more, such as 123-456-789.")
    split = LONG_SECRET_DIGITS if len(plain) >= 12 else SECRET_DIGITS
    return Code(plain[:-split], plain[-split:])


def _digit(char: str) -> str:
    # not str.isdigit(), which also takes superscripts
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
