"""The words of the relay's pages, by language. A new language is one more entry."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Get help on this computer",
        "unattended": "Let this computer be reached later, too",
        "phone": "This is a telephone or tablet. Open this page on the computer that is to be helped:",
        "code": "When rs-agent asks for a code, type:",
        "how": "Three steps: the line below fetches a small program, checks it and starts it.",
        "how-unattended": (
            "For the computer you sit at: afterwards, technicians who have its address and know its access code can "
            "reach it when nobody is there. You choose that code, and you can end this at any time, at this computer."
        ),
        "consent": "Nothing is seen or changed before you say yes, and you can stop at any moment.",
        "open-linux": "Open a terminal: press <b>Ctrl+Alt+T</b>, or look for “terminal” among the programs.",
        "open-macos": "Open Terminal: press <b>⌘+space</b>, type “terminal” and press Enter.",
        "open-windows": "Open PowerShell: press the <b>Windows key</b>, type “powershell” and press Enter.",
        "paste": "Copy this line, paste it there (in a terminal also with <b>Ctrl+Shift+V</b>) and press Enter:",
        "then": (
            "rs-agent asks for the code that you were given. You have none? Put the same line there without the word "
            "<b>join</b> at its end: rs-agent then shows a code, which you read out to whoever helps you."
        ),
        "choose": (
            "You are asked twice for an access code of your choice, of ten characters or more. Then the address of "
            "this computer is shown; it begins with <b>rsd_</b>."
        ),
        "serve": (
            "With this second line it waits from each start of the computer on; it asks for an administrator’s "
            "password. (Until the next log-off only: <b>unattended run</b> instead of <b>service install</b>.)"
        ),
        "tell": "Give whoever shall reach this computer the address and, by another way, the access code.",
        "later": "Afterwards, in the same place",
        "see": "Who may come in, and what for:",
        "reset": "Another access code, if it was forgotten or told to too many:",
        "forget": "One technician is to come in no more, whatever they know (the first shows the names):",
        "end": "Nobody is to come in any more; nothing of it stays:",
        "copy": "Copy",
        "copied": "Copied",
        "unsupported": "There is no download for this system here. Tell whoever helps you.",
        "none": "There is nothing to download here yet. Tell whoever sent you.",
        "size": (
            "With Python 3.11 or newer. {size} KB until the code; {more} MB at the most after it, when needed. "
            "All is kept: next time, nothing is fetched."
        ),
        "size-program": "{size} MB, once; then it is kept.",
        "glibc": "It needs glibc {version} or newer.",
        "with-python": "The line for a computer that has Python 3.11 or newer",
        "without-python": "It says that Python is missing or too old? The line that needs none ({machine})",
        "no-python": "It says that Python is missing or too old?",
        "get-python-linux": "Install <b>python3</b> 3.11 or newer by this system’s own means, then repeat the line.",
        "get-python-macos": "Install Python 3.11 or newer from python.org, then repeat the line.",
        "get-python-windows": "Install Python 3.11 or newer from the Microsoft Store, then repeat the line.",
        "signed": "Signed by:",
    },
    "fr": {
        "title": "Recevoir de l’aide sur cet ordinateur",
        "unattended": "Rendre cet ordinateur joignable plus tard aussi",
        "phone": "Ceci est un téléphone ou une tablette. Ouvrez cette page sur l’ordinateur à aider :",
        "code": "Quand rs-agent demande un code, tapez :",
        "how": "Trois étapes : la ligne ci-dessous télécharge un petit programme, le vérifie et le lance.",
        "how-unattended": (
            "Pour l’ordinateur devant lequel vous êtes : ensuite, les techniciens qui ont son adresse et connaissent "
            "son code d’accès peuvent le joindre en l’absence de tous. Vous choisissez ce code, et vous pouvez y "
            "mettre fin à tout moment, sur cet ordinateur."
        ),
        "consent": "Rien n’est vu ni modifié avant votre accord, et vous pouvez arrêter à tout moment.",
        "open-linux": "Ouvrez un terminal : <b>Ctrl+Alt+T</b>, ou cherchez « terminal » parmi les programmes.",
        "open-macos": "Ouvrez Terminal : <b>⌘+espace</b>, tapez « terminal » et appuyez sur Entrée.",
        "open-windows": "Ouvrez PowerShell : <b>touche Windows</b>, tapez « powershell » et appuyez sur Entrée.",
        "paste": "Copiez cette ligne, collez-la (dans un terminal aussi par <b>Ctrl+Maj+V</b>) et appuyez sur Entrée :",
        "then": (
            "rs-agent demande le code qu’on vous a donné. Vous n’en avez pas ? Mettez la même ligne sans le mot "
            "<b>join</b> à la fin : rs-agent affiche alors un code, que vous dictez à la personne qui vous aide."
        ),
        "choose": (
            "On vous demande deux fois un code d’accès de votre choix, de dix caractères au moins. Puis l’adresse de "
            "cet ordinateur s’affiche ; elle commence par <b>rsd_</b>."
        ),
        "serve": (
            "Avec cette seconde ligne, il attend dès chaque démarrage de l’ordinateur ; elle demande le mot de passe "
            "d’un administrateur. (Jusqu’à la fermeture de session seulement : <b>unattended run</b> au lieu de "
            "<b>service install</b>.)"
        ),
        "tell": "Donnez à qui doit joindre cet ordinateur l’adresse et, par une autre voie, le code d’accès.",
        "later": "Ensuite, au même endroit",
        "see": "Qui peut entrer, et pour quoi faire :",
        "reset": "Un autre code d’accès, si on l’a oublié ou dit à trop de monde :",
        "forget": "Un technicien ne doit plus entrer, quoi qu’il sache (la première montre les noms) :",
        "end": "Plus personne ne doit entrer ; il n’en reste rien :",
        "copy": "Copier",
        "copied": "Copié",
        "unsupported": "Pas de téléchargement pour ce système ici. Dites-le à la personne qui vous aide.",
        "none": "Il n’y a encore rien à télécharger ici. Dites-le à la personne qui vous envoie.",
        "size": (
            "Avec Python 3.11 ou plus récent. {size} Ko jusqu’au code ; {more} Mo au plus ensuite, quand il les faut. "
            "Tout est gardé : la fois suivante, rien n’est téléchargé."
        ),
        "size-program": "{size} Mo, une seule fois ; puis gardés.",
        "glibc": "Il faut la glibc {version} ou plus récente.",
        "with-python": "La ligne pour un ordinateur qui a Python 3.11 ou plus récent",
        "without-python": "Python manque ou est trop ancien ? La ligne qui n’en a pas besoin ({machine})",
        "no-python": "Python manque ou est trop ancien ?",
        "get-python-linux": (
            "Installez <b>python3</b> 3.11 ou plus récent par les moyens de ce système, puis recommencez la ligne."
        ),
        "get-python-macos": "Installez Python 3.11 ou plus récent depuis python.org, puis recommencez la ligne.",
        "get-python-windows": "Installez Python 3.11 ou plus récent par le Microsoft Store, puis recommencez la ligne.",
        "signed": "Signé par :",
    },
}
