"""Each permission in the customer's own words: what is asked for, what a yes means, and how it reads while it holds.

These texts are a security control: they are what stands between a caller who lies and a computer. They say the
consequence, not the feature's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rs_agent.consent import Matter, Question
from rs_agent.language import N_, _
from rs_relay.link.spec import Permission
from rs_relay.text import printable

if TYPE_CHECKING:  # it knows desktops and links, and the window's process does not
    from rs_agent.feature import Countdown

NAME = 64  # cells of a name


@dataclass(frozen=True)
class Words:
    asks: str  # "{who} asks to …"
    means: str
    holds: str  # "now: {holds}, {holds}"
    used: str = ""  # in place of that while it is made use of, where that is another thing


WORDS: Mapping[Permission, Words] = {
    Permission.VIEW: Words(
        N_("SEE YOUR SCREEN"),
        N_("They will see everything that is on your screen, as you see it."),
        N_("your screen is seen"),
    ),
    Permission.CONTROL: Words(
        N_("USE YOUR MOUSE AND KEYBOARD"),
        N_("They will be able to do on this computer whatever you can do. Stay and watch."),
        N_("your mouse and keyboard are used"),
    ),
    Permission.CLIPBOARD: Words(
        N_("SHARE YOUR CLIPBOARD"),
        N_("They can read what you have copied, pictures too, and every text you copy goes to them: copy no password."),
        N_("your clipboard is shared"),
    ),
    Permission.FILES: Words(
        N_("SEND, FETCH AND CHANGE FILES"),
        N_("What they send goes into {folder}. In your home folder they can find, fetch, change and remove files."),
        N_("files can be sent, fetched and changed"),
    ),
    Permission.SHARE: Words(
        N_("SHOW YOU THEIR SCREEN"),
        N_("A window opens in which you can look at it. What it shows is their computer, not yours."),
        N_("they can show you their screen"),
        N_("their screen is shown to you"),
    ),
    Permission.RECORD: Words(
        N_("RECORD YOUR SCREEN"),
        N_("They keep a film of all that they see of your screen, and can look at it again later."),
        N_("your screen may be recorded"),
        N_("YOUR SCREEN IS BEING RECORDED"),
    ),
    Permission.PRIVACY: Words(
        N_("DARKEN YOUR SCREEN AND HOLD YOUR KEYBOARD AND MOUSE"),
        N_("You would not see what they do, nor be able to stop it by hand. To end it: press Escape three times."),
        N_("your screen may be darkened, your keyboard and mouse held"),
        N_("YOUR SCREEN IS DARKENED OR YOUR KEYBOARD AND MOUSE ARE HELD (Escape three times ends that)"),
    ),
    Permission.SHELL: Words(
        N_("RUN COMMANDS ON THIS COMPUTER"),
        N_("Commands can do whatever you can do, unseen on your screen. You are told here what is started."),
        N_("commands can be run"),
        N_("COMMANDS ARE BEING RUN"),
    ),
    Permission.INFO: Words(
        N_("SEE WHAT THIS COMPUTER IS AND RUNS"),
        N_("They can look at its programs, services, disks, users and logs, and change nothing."),
        N_("system information can be seen"),
    ),
    Permission.TUNNEL: Words(
        N_("CONNECT THROUGH THIS COMPUTER"),
        N_("Their programs can reach programs that run here, and other devices in your network."),
        N_("connections can go through this computer"),
        N_("CONNECTIONS GO THROUGH THIS COMPUTER"),
    ),
    Permission.POWER: Words(
        N_("RESTART THIS COMPUTER"),
        N_(
            "Each restart is counted down here, and you can stop it. The session goes on by itself afterwards. "
            "They can wake other computers, too."
        ),
        N_("this computer can be restarted"),
    ),
    Permission.UNATTENDED: Words(
        N_("COME IN AGAIN WHEN YOU ARE NOT THERE"),
        N_(
            "An access code is made for this computer. With it they can come in at any time, without asking you, until "
            "you turn it off."
        ),
        N_("access without you may be set up"),
    ),
    Permission.DISK: Words(
        N_("REACH ALL FILES OF THIS COMPUTER"),
        N_("Not only your home folder: also hidden files, where passwords are kept, and all that you can open."),
        N_("all files can be reached"),
    ),
}

# What is asked beside permissions; {whom} is who leaves, {passes} what they were allowed.
MATTERS: Mapping[Matter, tuple[str, str]] = {
    Matter.INVITE: (
        N_("BRING A SECOND TECHNICIAN INTO THE SESSION"),
        N_("They get a code of their own. They may do nothing on this computer before you allow it to them, too."),
    ),
    Matter.TAKE_OVER: (
        N_("DO WHAT {whom} WAS ALLOWED"),
        N_("{whom} is gone and may do nothing any more. The new one would be allowed: {passes}."),
    ),
}

# What is said before the first question that this computer has ever been asked.
WARNING: tuple[str, ...] = (
    N_("Did you call them yourself, at a number you already knew?"),
    N_("A bank, the police, a software company or a shop NEVER calls you to look at your computer."),
    N_("Nobody honest asks you for gift cards, for your bank's page, or to keep quiet about the call."),
    N_("If somebody called YOU, or a message on the screen told you to call: stop here. Nothing bad happens."),
)

# What the files feature notes, as it reads in the summary.
FILES: Mapping[str, str] = {
    "file received": N_("received: {what}"),
    "file given": N_("fetched: {what}"),
    "file not received": N_("not received whole: {what}"),
    "file not given": N_("not fetched whole: {what}"),
    "file removed": N_("removed: {what}"),
    "file moved": N_("moved: {what}"),
    "folder made": N_("folder made: {what}"),
}


def asks(permission: Permission) -> str:
    return _(WORDS[permission].asks) if permission in WORDS else str(permission)


def means(permission: Permission, folder: str) -> str:
    return _(WORDS[permission].means).replace("{folder}", folder) if permission in WORDS else ""


def question(asked: Question, folder: str) -> tuple[str, str]:
    """What a question asks for ("{who} asks to …"), and what a yes means."""
    if isinstance(asked.permission, Permission):
        return asks(asked.permission), means(asked.permission, folder)
    passes = ", ".join(asks(permission) for permission in asked.passes)
    filled = [_(text).replace("{passes}", passes) for text in MATTERS[asked.permission]]
    first, second = (text.replace("{whom}", printable(asked.whom, NAME)) for text in filled)
    return first, second


def holding(permissions: Iterable[Permission], used: Collection[Permission] = ()) -> str:
    """What holds, as one phrase; '' for nothing. `used`: those that are made use of at this moment."""
    return ", ".join(_holds(p, p in used) for p in sorted(permissions, key=list(Permission).index))


def _holds(permission: Permission, used: bool) -> str:
    if permission not in WORDS:
        return str(permission)
    words = WORDS[permission]
    return _((used and words.used) or words.holds)


def countdown(restart: Countdown) -> str:
    """What a restart that is counted down means."""
    text = _("{who} RESTARTS THIS COMPUTER. Save your work.")
    if restart.safe_mode:
        text = _("{who} RESTARTS THIS COMPUTER IN SAFE MODE. Save your work.")
    return text.replace("{who}", printable(restart.who, NAME))


def restart_reason(restart: Countdown) -> str:
    """Why, in their words; '' where they gave none."""
    return _("They say why: {reason}").format(reason=printable(restart.reason)) if restart.reason else ""


def file_line(kind: str, what: str) -> str:
    return _(FILES[kind]).replace("{what}", what) if kind in FILES else what


# Sentences that other rooms say and customers meet: they are written there, and translated from here (a test looks
# that each is still said).
MET: tuple[str, ...] = (
    N_("To undo a safe start by hand: bcdedit /deletevalue {current} safeboot, or boot.ini.bak over boot.ini."),
    N_("The relay cannot be reached."),
    N_("The relay does not answer."),
    N_("The relay is busy."),
    N_("Try again in a minute."),
    N_("Check the network and the relay's address, then try again."),
    N_("The relay's name is not known in this network."),
    N_("Check the address, and whether this computer is in a network at all."),
    N_("What answers at the relay's port does not speak TLS."),
    N_("Check the relay's address and port."),
    N_("The relay's certificate has expired, or is not valid yet."),
    N_("Check this computer's clock; if it is right, tell whoever runs the relay."),
    N_("The relay's certificate comes from nobody that this computer trusts: a proxy or a guard looks into it."),
    N_("Have the network let the relay through unopened, or name the network's own root certificate in SSL_CERT_FILE."),
    N_("What stands as this network's proxy does not speak as one."),
    N_("Check the proxy's settings: its kind (http, socks5), host and port."),
    N_("The proxy of this network cannot reach the relay."),
    N_("Check the relay's address; if it is right, tell the network's administrator."),
    N_("The proxy of this network does not let the relay through."),
    N_("Ask the network's administrator to allow the relay's host, at port 443, 8200 or 80."),
    N_("The proxy of this network cannot be reached."),
    N_("This computer finds its proxy by a script (PAC or WPAD), which rs cannot read, and there is no way without."),
    N_("Ask the network's administrator for the proxy's host and port, and write them into the setting `proxy`."),
    N_("A web page answers in the relay's place: mostly the log-in page of a guest network."),
    N_("Open any page in a web browser and log in if it asks you, then try again; else check the relay's address."),
    N_("The proxy of this network wants a log-in of a kind that rs does not know (NTLM or Kerberos)."),
    N_("Ask the network's administrator to let the relay through without a log-in, or with Basic or Digest."),
    N_("The proxy of this network does not accept the name and password."),
    N_("The proxy of this network wants a name and a password."),
    N_("Write them into the setting `proxy`, as http://NAME:PASSWORD@HOST:PORT (agent.toml; `rs login --proxy` asks)."),
    N_("That is not a proxy's address."),
    N_("For example: http://proxy.example.org:3128, socks5://proxy.example.org, or direct for none."),
    N_("Check the proxy's settings."),
    N_("The relay's certificate is not valid for its address."),
    N_("Check the address."),
    N_("That is not a relay's address."),
    N_("For example: wss://relay.example.org:8200"),
    N_("A relay on another computer must be reached by wss://, never by plain ws://."),
    N_("The relay's operator gives it a certificate with --tls-cert and --tls-key."),
    N_("The library libpipewire, which hands over what a Wayland desktop shows, is not installed here."),
    N_("It is the package libpipewire-0.3-0 on Debian and Ubuntu, pipewire-libs on Fedora."),
    N_("The library dbus-fast, by which a Wayland desktop is asked, is not installed."),
    N_("The session's D-Bus, by which this desktop is asked, cannot be reached."),
    N_("There is no D-Bus of a desktop session here."),
    N_("Start rs-agent inside the desktop session."),
    N_("This computer has no screen that rs can show: there is no X display here."),
    N_("Start rs-agent inside the desktop session; without one, `--desktop headless` still gives chat and files."),
    N_("That is not a support code."),
    N_("A code has nine digits or more, such as 123-456-789."),
    N_("The code is wrong."),
    N_("The other end did not come to the link."),
)
