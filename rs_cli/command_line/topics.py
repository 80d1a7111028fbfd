"""What `rs help` explains besides the verbs: exit statuses, JSON, paths, the environment, the files rs keeps.

The exit statuses are those of the error tree itself. The manual page of `rs` has the same sections.
"""

from __future__ import annotations

from collections.abc import Callable

from rs_relay.errors import BY_CODE

_STATUSES = {
    "error": "something went wrong",
    "usage": "the request itself cannot be carried out",
    "not-allowed": "the customer has not granted it, or has withdrawn it",
    "wrong-code": "the code is not valid (any more), or its secret half is wrong",
    "not-found": "no session, device, file or process of that name",
    "unreachable": "the relay, or the other end, cannot be reached now",
    "session-ended": "one side ended the session; it cannot be resumed",
    "sign-in-needed": "the relay wants a technician's token",
    "transfer-failed": "a file did not arrive whole",
    "disk-full": "a disk has no room for what is to be written",
    "damaged": "the bytes that arrived are not the bytes that were sent",
    "too-large": "over a limit that protects one side",
    "local-problem": "this computer lacks something (a display, a program, a right)",
    "peer-broke": "the other end said something that no honest program says",
}

ENVIRONMENT: tuple[tuple[str, str], ...] = (
    ("RS_RELAY", "The relay to use for this one command, instead of the one that `rs login` chose."),
    ("RS_CONFIG_DIR", "Where relays and tokens are kept; without it the usual place of this system."),
    ("RS_STATE_DIR", "Where your sessions and their keys are kept; without it the usual place of this system."),
    ("RS_TRANSFERS", "How many transfers of one program go at once, 1 to 16; without it one."),
    ("RS_PICTURES", "How pictures are shown in the terminal: auto, kitty, sixel or blocks."),
    ("NO_COLOR", "If it is set to anything, no colours; the same with TERM=dumb."),
    ("CUPS_SERVER", "The printing system that `rs print` speaks with, as for `lp`."),
)
FILES: tuple[tuple[str, str], ...] = (
    ("~/.config/rs/relays.json", "The relays and your tokens there. Yours alone (0600), or it is not used."),
    ("~/.local/state/rs/", "A file for each session, with the key that opens it. Yours alone."),
    ("~/.local/state/rs/rs.log", "What --debug wrote; no secret is in it."),
)


def statuses() -> list[tuple[int, str, str]]:
    """(status, its name in --json, what it means), in order; 0 and 130 have no name."""
    named: list[tuple[int, str, str]] = []
    for code, kind in BY_CODE.items():
        if code in _STATUSES:
            named.append((kind.exit_status, code, _STATUSES[code]))
    return [(0, "", "done"), *sorted(named), (130, "", "interrupted by Ctrl-C")]


def exit_codes() -> str:
    rows = [f"{status:>5}  {code:<16} {meaning}" for status, code, meaning in statuses()]
    return "\n".join(
        [
            "Exit statuses. With --json a failure is also on standard output, by the name in the middle:",
            "",
            *rows,
            "",
            "`rs exec` and `rs shell` end with the status of what they ran.",
        ]
    )


def json_() -> str:
    example = '{"error": {"code": "not-allowed", "message": "…", "hint": "…"}}'
    return "\n".join(
        [
            "With --json a verb answers in JSON on standard output, one value a line, in plain ASCII. A failure is",
            f"    {example}",
            "there too, with the same exit status as without. What streams (`rs watch`, `rs chat --follow`) writes one",
            "object a line and flushes each. Fields may be added in a later version; none is renamed, removed or given",
            "another type. docs/json.md describes every answer; tests check each against it.",
        ]
    )


def remote_paths() -> str:
    return "\n".join(
        [
            "A path of a customer's computer is written behind the session's number and a colon:",
            "",
            "    3:report.pdf       below the customer's home, in session 3",
            "    3:/var/log/syslog  absolute",
            "    3:                 the home itself; for `rs cp … 3:` the folder for received files",
            "    maria-pc:notes     in the open session of the customer of that name",
            "    :notes             in your only open session",
            "    ./a:b              a file of this computer that has a colon in its name",
            "",
            "What a grant reaches: `files` the home without hidden files; `disk` besides it, all that the customer's",
            "account may open. Quote patterns (3:'*.log'), or your own shell replaces them.",
        ]
    )


def environment() -> str:
    rows = [f"    {name:<16} {text}" for name, text in ENVIRONMENT]
    kept = [f"    {name}\n        {text}" for name, text in FILES]
    return "\n".join(["Variables that rs looks at:", "", *rows, "", "Files, on Linux:", "", *kept])


TOPICS: dict[str, tuple[str, Callable[[], str]]] = {
    "exit-codes": ("what each exit status means", exit_codes),
    "json": ("how verbs answer programs", json_),
    "remote-paths": ("how a path of a customer's is written", remote_paths),
    "environment": ("variables and files", environment),
}
