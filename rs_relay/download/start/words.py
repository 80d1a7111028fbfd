"""What the customer may read before the agent and its translations are there."""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

_FR = {
    "Fetching what rs-agent needs, once: {size} KB.": "Téléchargement du nécessaire, une seule fois : {size} Ko.",
    "Fetching what rs-agent needs, once: {size} KB left": (
        "Téléchargement du nécessaire, une seule fois : encore {size} Ko"
    ),
    "This Linux has musl in place of glibc (as Alpine has), and rs-agent needs glibc.": (
        "Ce Linux a musl à la place de glibc (comme Alpine), et rs-agent a besoin de glibc."
    ),
    "Ask whoever helps you to reach you on another computer.": (
        "Demandez à la personne qui vous aide de vous joindre sur un autre ordinateur."
    ),
    "This Python is of 32 bits, and rs-agent needs 64.": "Ce Python est en 32 bits, et il en faut 64 à rs-agent.",
    "This relay's rs-agent is for Python {those}; this is {python}.": (
        "Le rs-agent de ce relais est pour Python {those} ; celui-ci est {python}."
    ),
    "This Linux is too old for rs-agent: it has glibc {have}, and {needed} is needed.": (
        "Ce Linux est trop ancien pour rs-agent : il a la glibc {have}, et il faut la {needed}."
    ),
    "The page {page} has another line for this system, which needs no Python.": (
        "La page {page} a une autre ligne pour ce système, qui n'a pas besoin de Python."
    ),
    "This Python has no Tk (python3-tk) for a window: all goes on in this terminal. {page} tells another way.": (
        "Ce Python n'a pas Tk (python3-tk) pour ouvrir une fenêtre : tout continue dans ce terminal. "
        "{page} indique un autre moyen."
    ),
    "This file has been changed since it was made.": "Ce fichier a été modifié depuis sa création.",
    "Do not use it. Fetch it again from the page that you were given.": (
        "Ne l'utilisez pas. Téléchargez-le de nouveau depuis la page qu'on vous a donnée."
    ),
    "This rs-agent is older than one that ran on this computer before.": (
        "Ce rs-agent est plus ancien qu'un autre déjà utilisé sur cet ordinateur."
    ),
    "Fetch it again from the page that you were given.": (
        "Téléchargez-le de nouveau depuis la page qu'on vous a donnée."
    ),
    "This rs-agent comes from this relay, but is signed by somebody else than before.": (
        "Ce rs-agent vient de ce relais, mais il est signé par quelqu'un d'autre qu'avant."
    ),
    "Ask whoever helps you, by telephone. If it is right, remove {path} and start again.": (
        "Demandez par téléphone à la personne qui vous aide. Si c'est normal, supprimez {path} et recommencez."
    ),
    "What was fetched from the relay is not what it should be. It was not used.": (
        "Ce que le relais a envoyé n'est pas ce qui était attendu. Rien n'en a été utilisé."
    ),
    "Tell whoever helps you; somebody may be tampering with it.": (
        "Dites-le à la personne qui vous aide ; quelqu'un le modifie peut-être."
    ),
    "What rs-agent needs could not be fetched from the relay.": (
        "Le nécessaire n'a pas pu être téléchargé depuis le relais."
    ),
    "Check the connection and start it again.": "Vérifiez la connexion et recommencez.",
    "There is no rs-agent for this computer at this relay ({what}).": (
        "Ce relais n'a pas de rs-agent pour cet ordinateur ({what})."
    ),
    "Tell whoever helps you.": "Dites-le à la personne qui vous aide.",
    "The folder {path} belongs to, or may be changed by, somebody else.": (
        "Le dossier {path} appartient à quelqu'un d'autre, ou peut être modifié par lui."
    ),
    "Remove it and start again.": "Supprimez-le et recommencez.",
    "The folder {path} cannot be written.": "Impossible d'écrire dans le dossier {path}.",
    "Make room, or set RS_CACHE_DIR to another folder.": (
        "Libérez de la place, ou indiquez un autre dossier par RS_CACHE_DIR."
    ),
}


_more = gettext.NullTranslations()


def learn(catalogues: Path) -> None:
    """The agent's own translations, from now on: they came along with its code."""
    global _more
    _more = gettext.translation("rs_agent", catalogues, fallback=True)


def say(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """`text` in the customer's language, chosen as gettext chooses."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return _FR.get(text) or _more.gettext(text) if environ[name].startswith("fr") else text
    return text


class Stop(ImportError):
    """Nothing goes on from here: a sentence and what to do. An ImportError, for those who wanted a module."""

    def __init__(self, sentence: str, hint: str, **values: object) -> None:
        self.sentence, self.hint = say(sentence).format(**values), say(hint).format(**values)
        super().__init__(f"{self.sentence} {self.hint}")
