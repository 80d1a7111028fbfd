"""The customer's language: every text that they may see passes `_`. Chosen by LANGUAGE, LC_ALL, LC_MESSAGES, LANG.

A new language is one file, `locale/<language>/LC_MESSAGES/rs_agent.po`, and its compiled form beside it:

    pybabel extract -k N_ --no-wrap --omit-header -o rs_agent.pot rs_agent
    pybabel update -D rs_agent -i rs_agent.pot -d rs_agent/locale --no-wrap
    pybabel compile -D rs_agent -d rs_agent/locale
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

DOMAIN = "rs_agent"
FOLDER = Path(__file__).with_name("locale")


@cache
def _translations(language: str | None) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [language] if language else None, fallback=True)


_chosen: str | None = None


def use(language: str | None) -> None:
    """Speak `language` ('fr'), or None: what the environment says (read anew)."""
    global _chosen
    _chosen = language
    _translations.cache_clear()


def spoken() -> str:
    """The language of the texts, of two letters: 'en' where there is no translation into the customer's."""
    return _translations(_chosen).info().get("language", "en")[:2]


def N_(text: str) -> str:
    """Marks a text for translation that `_` is given later, when it is shown."""
    return text


def _(text: str) -> str:
    """`text` in the customer's language, or as it is where there is no translation."""
    return _translations(_chosen).gettext(text) if text else ""
