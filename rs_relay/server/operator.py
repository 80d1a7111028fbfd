"""What the operator does at the relay's own computer: technicians, and the audit record. There is no other way to
become a technician: no page, no first-run wizard, no default account."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs
import typer

from rs_relay.errors import Damaged, NoSuchSession, UsageError
from rs_relay.server import accounts, audit
from rs_relay.wire.limits import NAME

if TYPE_CHECKING:
    from rs_relay.server.store import Store

technician = typer.Typer(help="Who may use this relay.", no_args_is_help=True)
record = typer.Typer(help="The audit record.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="The relay's data directory.")]
Database = Annotated[str, typer.Option("--database", help="Another database than SQLite there.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def data_folder(given: Path | None) -> Path:
    """Where the relay keeps its data unless told otherwise."""
    if given is not None:
        return given
    state = os.environ.get("RS_STATE_DIR")
    return (Path(state) if state else platformdirs.user_state_path("rs", appauthor=False)) / "relay"


def may_exist(folder: Path, database: str) -> bool:
    """Whether there may be a database. Nothing is created."""
    return bool(database) or (folder / "relay.db").exists()


def open_store(folder: Path, database: str) -> tuple[Store, audit.Ledger]:
    """Opens or creates both. Raises LocalProblem where it cannot, or must not."""
    from rs_relay.server.store import Store  # SQLAlchemy: see there

    store = Store(folder, database)
    ledger = audit.Ledger(store, folder)
    show_new_audit_key(ledger)
    return store, ledger


def show_new_audit_key(ledger: audit.Ledger) -> None:
    """The first use of a data directory makes the key of its record, and this is the only time it is seen."""
    key = ledger.create()
    if key is not None:
        print(
            f"The audit key, shown this once: {key}\n"
            "  Keep it away from this computer. `rs-relay audit verify --key-stdin` proves with it that nobody has\n"
            "  changed the record; who holds it could forge one.",
            file=sys.stderr,
        )


@technician.command("add")
def add(name: str, data: Data = None, database: Database = "") -> None:
    """Let NAME use this relay, and print the token for `rs login`, once."""
    name = _checked(name)
    store, ledger = open_store(data_folder(data), database)
    token = accounts.new_token()
    if not store.add(name, accounts.hash_of(token)):
        raise UsageError(
            f"There is a technician named {name} already.", "`technician new-token NAME` replaces a token."
        )
    _note(ledger, "technician-added", name)
    _show_token(name, token)


@technician.command("new-token")
def new_token(name: str, data: Data = None, database: Database = "") -> None:
    """Replace NAME's token; the old one is worth nothing from now on."""
    store, ledger = _open_existing(data, database)
    token = accounts.new_token()
    if not store.replace_token(name, accounts.hash_of(token)):
        raise _nobody(name)
    _note(ledger, "token-replaced", name)
    _show_token(name, token)


@technician.command("remove")
def remove(name: str, data: Data = None, database: Database = "") -> None:
    """End NAME's access; what is connected is cut off within a second or two."""
    store, ledger = _open_existing(data, database)
    if not store.remove(name):
        raise _nobody(name)
    _note(ledger, "technician-removed", name)
    print(f"{name} may no longer use this relay.")


@technician.command("list")
def list_(as_json: Json = False, data: Data = None, database: Database = "") -> None:
    """Who may use this relay."""
    folder = data_folder(data)
    found = _open_existing(data, database)[0].technicians() if may_exist(folder, database) else ()
    rows = [
        {"name": a.name, "added": datetime.fromtimestamp(a.added, UTC).isoformat(timespec="seconds")} for a in found
    ]
    if as_json:
        print(msgspec.json.encode(rows).decode())
    elif not rows:
        print("Nobody yet. `rs-relay technician add NAME` lets somebody in.")
    for row in () if as_json else rows:
        print(f"{row['name']:<24} since {row['added']}")


@record.command()
def verify(
    key_stdin: Annotated[bool, typer.Option("--key-stdin", help="Read the audit key from standard input.")] = False,
    data: Data = None,
    database: Database = "",
) -> None:
    """Check that nobody has changed the record."""
    if not key_stdin:
        raise UsageError("The audit key is read from standard input only.", "Add --key-stdin and type or pipe the key.")
    key = audit.parse_key(sys.stdin.readline())
    store, _ = _open_existing(data, database)
    count = 0
    with store.rows() as rows:
        faults = list(audit.verify(key, rows))
    last = store.last_row()
    count = last.n if last is not None else 0
    for fault in faults[:20]:
        print(f"row {fault.n} {fault.what}")
    if faults:
        raise Damaged(f"The audit record was tampered with, first at row {faults[0].n}.", "Keep a copy of it as it is.")
    head = audit.row_hash(last).hex() if last is not None else "nothing"
    print(f"{count} rows, none changed. Head: {count} {head}")


@record.command()
def export(as_json: Json = False, data: Data = None, database: Database = "") -> None:
    """Print the record, one entry a line."""
    store, _ = _open_existing(data, database)
    with store.rows() as rows:
        for row in rows:
            if as_json:
                print(row.entry)
            else:
                entry = msgspec.json.decode(row.entry)
                rest = " ".join(f"{k}={v}" for k, v in entry.items() if k not in ("n", "at", "event"))
                print(f"{entry['n']:>6} {entry['at']} {entry['event']:<20} {rest}")


def _open_existing(data: Path | None, database: str) -> tuple[Store, audit.Ledger]:
    folder = data_folder(data)
    if not may_exist(folder, database):
        raise UsageError("There is no relay's database there.", "Run `rs-relay technician add NAME`, or give --data.")
    return open_store(folder, database)


def _note(ledger: audit.Ledger, event: str, name: str) -> None:
    ledger.append([(datetime.now(UTC).timestamp(), event, {"name": name})])


def _show_token(name: str, token: str) -> None:
    print(token)
    print(f"  {name} gives this to `rs login URL`. It is not shown again and not kept here.", file=sys.stderr)


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME or not name.isprintable():
        raise UsageError(f"A technician's name is 1 to {NAME} printable characters.")
    return name


def _nobody(name: str) -> NoSuchSession:
    shown = name if name.isprintable() else "that"
    return NoSuchSession(f"There is no technician named {shown}.", "`rs-relay technician list` shows who there is.")
