"""The words of the relay's pages, by language. A new language is one more entry."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Get help on this computer",
        "unattended": "Let this computer be reached later, too",
        "code": "When rs-agent asks for a code, type:",
        "how": "Copy the line for your system. It fetches a small program, checks it and starts it.",
        "how-unattended": (
            "You sit at the computer that shall be reached when nobody is there. Copy the line for its system; "
            "you will choose an access code. You can end this at any time."
        ),
        "without-code": "No code? Leave out the word <b>join</b>: rs-agent then shows a code, which you read out.",
        "open-linux": "Open a terminal, paste this line and press Enter:",
        "open-macos": "Open Terminal, paste this line and press Enter:",
        "open-windows": "Open PowerShell, paste this line and press Enter (Python 3.11 or newer must be installed):",
        "unsupported": "There is no download for this system here. Tell whoever helps you.",
        "none": "There is nothing to download here yet. Tell whoever sent you.",
        "size": "{size} KB now, a little more when it first starts; kept for the next time.",
        "consent": "Nothing is seen or changed before you say yes, and you can stop at any moment.",
        "signed": "Signed by:",
    },
    "fr": {
        "title": "Recevoir de l'aide sur cet ordinateur",
        "unattended": "Rendre cet ordinateur joignable plus tard aussi",
        "code": "Quand rs-agent demande un code, tapez :",
        "how": "Copiez la ligne pour votre système. Elle télécharge un petit programme, le vérifie et le lance.",
        "how-unattended": (
            "Vous êtes devant l'ordinateur qui doit être joignable en l'absence de tous. Copiez la ligne pour son "
            "système ; vous choisirez un code d'accès. Vous pouvez y mettre fin à tout moment."
        ),
        "without-code": "Pas de code ? Omettez le mot <b>join</b> : rs-agent affiche alors un code, que vous dictez.",
        "open-linux": "Ouvrez un terminal, collez cette ligne et appuyez sur Entrée :",
        "open-macos": "Ouvrez Terminal, collez cette ligne et appuyez sur Entrée :",
        "open-windows": "Ouvrez PowerShell, collez cette ligne et appuyez sur Entrée (Python 3.11 au moins requis) :",
        "unsupported": "Pas de téléchargement pour ce système ici. Dites-le à la personne qui vous aide.",
        "none": "Il n'y a encore rien à télécharger ici. Dites-le à la personne qui vous envoie.",
        "size": "{size} Ko maintenant, un peu plus au premier lancement ; gardé pour la fois suivante.",
        "consent": "Rien n'est vu ni modifié avant votre accord, et vous pouvez arrêter à tout moment.",
        "signed": "Signé par :",
    },
}
