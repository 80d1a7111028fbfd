"""`rs sessions …`: the sessions this technician holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.commands.connect import show as show_new
from rs_cli.doing.reach import reach
from rs_cli.joining import pairing, presence
from rs_cli.joining.link import join_link
from rs_cli.session.technician import end_session
from rs_cli.state import config
from rs_cli.state.book import Book, Entry
from rs_cli.terminal import output
from rs_cli.terminal.spoken import big, since
from rs_relay.errors import NotAllowed, PeerBroke, RsError, SessionEnded, UsageError
from rs_relay.link.spec import Permission
from rs_relay.text import printable

if TYPE_CHECKING:
    from rs_cli.session.technician import Technician
    from rs_relay.channels.consent import Present, State
    from rs_relay.channels.party import Came

app = typer.Typer(no_args_is_help=True, help="List, open, ask in and end your sessions.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List your sessions and whether the customers' computers are online. Works offline too."""
    entries = Book().entries()
    states, trouble = asyncio.run(presence.states(entries))
    if as_json:
        output.data([_as_data(entry, states[entry.number]) for entry in entries])
        return
    if trouble:
        output.complain(f"rs: {trouble.message}")
    if not entries:
        output.note("You hold no session. `rs connect` joins one, `rs sessions new` makes a code for a customer.")
        return
    output.table(("#", "customer", "state", "since", "relay"), (_as_row(e, states[e.number]) for e in entries))


@app.command()
def show(session: Number, as_json: AsJson = False, timeout: Timeout = 5.0) -> None:
    """Show one session: the customer, the connection, and what the customer allows."""
    entry = Book().get(session)
    states, _ = asyncio.run(presence.states([entry]))
    state = asyncio.run(_state(session, timeout)) if entry.is_open else None
    grants = {str(p): str(state.grants[p]) for p in Permission if p in state.grants} if state else {}
    if as_json:
        present = msgspec.to_builtins(state.present) if state else []
        output.data({**_as_data(entry, states[session]), "permissions": grants, "present": present})
        return
    present = ", ".join(_as_words(one) for one in state.present) if state else ""
    facts = {**_as_row(entry, states[session]), "outcome": entry.outcome, "present": present, **grants}
    facts.pop("#")
    for name, value in facts.items():
        if value:
            output.answer(f"{name:<10} {value}")


@app.command()
def new(
    no_tui: Annotated[bool, typer.Option("--no-tui", help="Print the session's number and return.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a code for a customer to type, and a link to send them, and wait for them."""
    show_new(asyncio.run(_hold(as_json)), as_json, no_tui)


@app.command()
def end(
    session: Number,
    reason: Annotated[str, typer.Option("--reason", help="A sentence for the customer.")] = "",
    as_json: AsJson = False,
    timeout: Timeout = 10.0,
) -> None:
    """End a session at both computers. It cannot be resumed."""
    told = asyncio.run(end_session(session, reason, timeout))
    if as_json:
        output.data({"session": session, "state": "ended", "customer_told": told})
        return
    output.answer(f"Session {session} has ended.")
    if not told:
        output.note("The customer's computer could not be told now; it ends by itself after ten minutes.")


@app.command()
def ask(
    session: Number,
    permissions: Annotated[
        list[str], typer.Argument(metavar="PERMISSION...", help=f"Of: {', '.join(Permission)}.", show_default=False)
    ],
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Ask the customer for permissions and wait for the answer. Exit status 3 when one is refused."""
    answers = asyncio.run(_ask(session, [_permission(name) for name in permissions], timeout))
    if as_json:
        output.data({"session": session, "permissions": answers})
    else:
        output.table(("permission", "answer"), ({"permission": p, "answer": a} for p, a in answers.items()))
    if any(answer != "granted" for answer in answers.values()):
        raise typer.Exit(NotAllowed.exit_status)


@app.command()
def invite(session: Number, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Bring a second technician in: the customer is asked, and you get a code for them.

    They type it into `rs connect`. They are asked about everything anew: what the customer allows you is yours alone.
    The code is good once, for 15 minutes, and as long as this command runs."""
    came = asyncio.run(_invite(session, timeout, as_json))
    if as_json:
        output.data({"session": session, "number": came.number, "name": came.name})
    else:
        output.answer(f"{printable(came.name, 64)} is in session {session} now.")


@app.command("hand-over")
def hand_over(
    session: Number,
    name: Annotated[
        str,
        typer.Argument(metavar="[NAME]", help="Who gets it; without it, whoever you invite now.", show_default=False),
    ] = "",
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Give the session to another technician and leave it.

    Your keys are void at once. What you were allowed passes to them only if the customer says yes to that."""
    to = asyncio.run(_hand_over(session, name, timeout, as_json))
    if as_json:
        output.data({"session": session, "to": to})
    else:
        output.answer(f"Session {session} is {printable(to, 64)}'s now.")


@app.command()
def remove(
    session: Number,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `rs sessions show` names them, or their number.")],
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Take another technician out of a session that you lead."""
    gone = asyncio.run(_remove(session, name, timeout))
    if as_json:
        output.data({"session": session, "number": gone.number, "name": gone.name})
    else:
        output.answer(f"{printable(gone.name, 64)} is no longer in session {session}.")


@app.command()
def waiting(as_json: AsJson = False) -> None:
    """List the customers whose agents show a code at the relay now."""
    customers = asyncio.run(_waiting())
    if as_json:
        output.data([{"slot": c.slot, "name": c.name, "waiting_seconds": round(c.since, 1)} for c in customers])
        return
    rows = ({"slot": f"{c.slot}-…", "name": printable(c.name, 40), "waiting": since(c.since)} for c in customers)
    output.table(("slot", "name", "waiting"), rows)


async def _invite(number: int, timeout: float, as_json: bool) -> Came:
    from rs_cli.features.party import Party
    from rs_relay.channels.party import Came, Code, Invite, Wrong

    def told(said: Code | Wrong) -> None:
        if isinstance(said, Wrong):
            output.note(f"A wrong code was typed; {said.left} {'try is' if said.left == 1 else 'tries are'} left.")
        else:
            _show_code(said.code, said.seconds, as_json, "the other technician")

    async with reach(number, timeout) as session:
        output.progress("Waiting for the customer's answer …")
        party = Party(Invite(), told)
        came = await session.during(party, party.answer())
    if not isinstance(came, Came):
        raise PeerBroke("The customer's program answered another question.")
    return came


async def _hand_over(number: int, name: str, timeout: float, as_json: bool) -> str:
    from rs_cli.features.party import Party
    from rs_relay.channels.consent import HANDED_OVER
    from rs_relay.channels.party import HandOver

    to = name or str((await _invite(number, timeout, as_json)).number)
    async with reach(number, timeout) as session:
        other = await _other(session, to)
        party = Party(HandOver(other.number))
        try:
            await session.during(party, party.answer())
        except SessionEnded:
            pass  # it is over for us: the link's end was quicker than the answer
        finally:
            over = party.said
        if over:
            Book().end(number, HANDED_OVER)
    return other.name


async def _remove(number: int, name: str, timeout: float) -> Present:
    from rs_cli.features.party import Party
    from rs_relay.channels.party import Remove

    async with reach(number, timeout) as session:
        other = await _other(session, name)
        party = Party(Remove(other.number))
        await session.during(party, party.answer())
    return other


async def _other(session: Technician, name: str) -> Present:
    from rs_cli.features.consent import Consent
    from rs_cli.features.party import named

    consent = Consent()
    other = named((await session.during(consent, consent.known())).present, name)
    await session.drop(consent)
    return other


async def _state(number: int, timeout: float) -> State | None:
    from rs_cli.features.consent import Consent

    consent = Consent()
    try:
        async with reach(number, timeout) as session:
            return await session.during(consent, consent.known())
    except RsError as e:
        output.complain(f"rs: {e.message}")
        return None


async def _ask(number: int, permissions: list[Permission], timeout: float) -> dict[str, str]:
    from rs_cli.features.consent import Consent

    consent = Consent()
    async with reach(number, timeout) as session:
        await session.use(consent)
        output.progress("Waiting for the customer's answer …")
        answers = await session.during(consent, consent.ask(permissions))
    return {str(permission): str(grant) for permission, grant in answers.items()}


async def _hold(as_json: bool) -> Entry:
    from rs_cli.session.dialled import Dialled
    from rs_relay.link.codes import Code

    def show_code(code: Code, seconds: float) -> None:
        _show_code(code.spoken(), seconds, as_json, "the customer", join_link(relay.url, code.spoken()))

    def wrong(left: int) -> None:
        output.note(f"A wrong code was typed; {left} {'try is' if left == 1 else 'tries are'} left.")

    relay = config.load().relay()
    return await pairing.keep(await Dialled(relay).hold(show_code, wrong), relay.url, Book())


def _show_code(spoken: str, seconds: float, as_json: bool, whom: str, link: str = "") -> None:
    """`link`: where `whom` gets what they need, '' when they have it."""
    if as_json:
        output.data({"code": spoken, "valid_seconds": seconds} | ({"link": link} if link else {}))
    elif output.is_terminal():
        output.answer(f"\n{big(spoken)}\n\nRead it to {whom}: {spoken}")
        if link:
            output.answer(f"Or send them this link, which shows it with the line that starts rs-agent: {link}")
        output.note(f"Valid for {seconds / 60:.0f} minutes. Waiting for {whom} (Ctrl-C cancels) …")
    else:
        output.answer(spoken)


async def _waiting() -> Any:
    from rs_cli.session.dialled import Dialled

    return await Dialled(config.load().relay()).waiting()


def _permission(name: str) -> Permission:
    try:
        return Permission(name)
    except ValueError:
        raise UsageError(f"There is no permission '{printable(name, 30)}'.", f"Of: {', '.join(Permission)}.") from None


def _as_words(one: Present) -> str:
    more = ["you"] * one.you + ["leads"] * one.leads + ["not connected"] * (not one.links)
    return f"{printable(one.name, 40)}" + (f" ({', '.join(more)})" if more else "")


def _as_row(entry: Entry, state: str) -> dict[str, str]:
    return {
        "#": str(entry.number),
        "customer": printable(entry.customer, 40),
        "state": state,
        "since": presence.started(entry),
        "relay": entry.relay,
    }


def _as_data(entry: Entry, state: str) -> dict[str, Any]:
    return {
        "session": entry.number,
        "customer": entry.customer,
        "state": state,
        "relay": entry.relay,
        "created": entry.created,
        "ended": entry.ended or None,
        "outcome": entry.outcome,
    }
