"""The relay's database: technicians, the list of their devices, and the audit record. Everything live is in memory.

Law: it holds no secret that opens anything: of a token only its SHA-256, of a session nothing, of
a device its name and how it proves its name here. The folder is 0700 and
the file 0600 from the first byte, whatever the umask. One thread at a time uses a Store; two processes may (the
server and `rs-relay technician`), which SQLite's write-ahead log allows.

SQLAlchemy Core, no ORM: a few tables and a dozen statements. Importing it takes 0.15 s, more than all the rest, and
an open relay needs none of it: operator.py imports this module when a store is opened, and nothing else does.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rs_relay.errors import LocalProblem, UsageError
from rs_relay.server.accounts import Account
from rs_relay.server.audit import Row
from rs_relay.server.devices import Row as Device

VERSION = 2  # 1: without devices

_tables = sa.MetaData()
_version = sa.Table("schema_version", _tables, sa.Column("version", sa.Integer, nullable=False))
_technicians = sa.Table(
    "technicians",
    _tables,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("added", sa.Float, nullable=False),  # Unix time, for people
)
_audit = sa.Table(
    "audit",
    _tables,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("previous", sa.LargeBinary(32), nullable=False),
    sa.Column("mac", sa.LargeBinary(32), nullable=False),
)
_devices = sa.Table(
    "devices",
    _tables,
    sa.Column("technician", sa.String(64), primary_key=True),
    sa.Column("host", sa.String(32), primary_key=True),
    sa.Column("proof", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("tags", sa.Text, nullable=False),  # one a line
    sa.Column("group_name", sa.String(32), nullable=False),
    sa.Column("added", sa.Float, nullable=False),
)


class Store:
    def __init__(self, data: Path, url: str = "") -> None:
        """Opens or creates. Raises LocalProblem where it cannot, or must not."""
        private_folder(data)
        if not url:
            _create_private(data / "relay.db")
        self._engine = _engine(url or f"sqlite:///{data / 'relay.db'}")
        try:
            self._prepare()
        except sa.exc.SQLAlchemyError as e:
            raise LocalProblem("The relay's database cannot be opened.", f"The database says: {_reason(e)}.") from e

    def close(self) -> None:
        self._engine.dispose()

    def add(self, name: str, token_hash: bytes) -> bool:
        """False if there is a technician of that name."""
        with self._engine.begin() as db:
            if db.execute(sa.select(_technicians.c.name).where(_technicians.c.name == name)).first():
                return False
            db.execute(_technicians.insert().values(name=name, token_hash=token_hash, added=time.time()))
        return True

    def remove(self, name: str) -> bool:
        with self._engine.begin() as db:
            db.execute(_devices.delete().where(_devices.c.technician == name))
            return bool(db.execute(_technicians.delete().where(_technicians.c.name == name)).rowcount)

    def replace_token(self, name: str, token_hash: bytes) -> bool:
        change = _technicians.update().where(_technicians.c.name == name).values(token_hash=token_hash)
        with self._engine.begin() as db:
            return bool(db.execute(change).rowcount)

    def find(self, token_hash: bytes) -> Account | None:
        with self._engine.connect() as db:
            row = db.execute(sa.select(_technicians).where(_technicians.c.token_hash == token_hash)).first()
        return Account(*row) if row is not None else None

    def technicians(self) -> tuple[Account, ...]:
        with self._engine.connect() as db:
            return tuple(Account(*row) for row in db.execute(sa.select(_technicians).order_by(_technicians.c.name)))

    def devices(self) -> tuple[Device, ...]:
        with self._engine.connect() as db:
            rows = db.execute(sa.select(_devices)).all()
        return tuple(Device(t, h, p, n, tuple(tags.splitlines()), g, a) for t, h, p, n, tags, g, a in rows)

    def keep_device(self, row: Device) -> None:
        """As it is from now on."""
        values = {"proof": row.proof, "name": row.name, "tags": "\n".join(row.tags), "group_name": row.group}
        with self._engine.begin() as db:
            if not db.execute(_devices.update().where(*_is(row)).values(**values)).rowcount:
                key = {"technician": row.technician, "host": row.host, "added": row.added}
                db.execute(_devices.insert().values(**key, **values))

    def drop_device(self, row: Device) -> None:
        with self._engine.begin() as db:
            db.execute(_devices.delete().where(*_is(row)))

    def last_row(self) -> Row | None:
        with self._engine.connect() as db:
            row = db.execute(sa.select(_audit).order_by(_audit.c.n.desc()).limit(1)).first()
        return Row(*row) if row is not None else None

    def append(self, rows: Sequence[Row]) -> None:
        """All of them or none, on the disk when this returns."""
        with self._engine.begin() as db:
            db.execute(_audit.insert(), [vars(row) for row in rows])

    @contextmanager
    def rows(self) -> Iterator[Iterator[Row]]:
        """The audit record in its order, read as it is used."""
        with self._engine.connect() as db:
            found = db.execution_options(yield_per=1000).execute(sa.select(_audit).order_by(_audit.c.n))
            yield (Row(*row) for row in found)

    def _prepare(self) -> None:
        with self._engine.begin() as db:
            new = not sa.inspect(db).has_table("schema_version")
            version = VERSION if new else db.execute(sa.select(_version.c.version)).scalar_one()
            if version <= VERSION:
                _tables.create_all(db)  # what is missing
            if new:
                db.execute(_version.insert().values(version=VERSION))
            elif version < VERSION:
                db.execute(_version.update().values(version=VERSION))
        if version > VERSION:
            raise LocalProblem(
                f"The relay's database is of a newer rs-relay (its schema is {version}, this program knows {VERSION}).",
                "Update rs-relay, or give it another --data directory.",
            )


def _is(row: Device) -> tuple[sa.ColumnElement[bool], ...]:
    return (_devices.c.technician == row.technician, _devices.c.host == row.host)


def private_folder(path: Path) -> None:
    """Create `path` as 0700; refuse one that others can enter. Raises LocalProblem."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as e:
        raise LocalProblem(f"The data directory cannot be used: {e.strerror}.", "Choose another with --data.") from e
    if mode & 0o077:
        raise LocalProblem(
            f"The data directory may be read by others (its mode is {mode:o}).",
            "Run `chmod 700` on it; it holds who may sign in, and the audit record.",
        )


def _create_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of this one."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as e:
        raise LocalProblem(f"The relay's database cannot be opened: {e.strerror}.", "Choose another --data.") from e
    if mode & 0o077:
        raise LocalProblem(
            f"The relay's database may be read by others (its mode is {mode:o}).", "Run `chmod 600` on it."
        )


def _engine(url: str) -> sa.Engine:
    try:
        engine = sa.create_engine(url)
    except sa.exc.ArgumentError as e:
        raise UsageError("--database is not the URL of a database.", "Like postgresql+psycopg://HOST/NAME.") from e
    except ModuleNotFoundError as e:
        raise LocalProblem(f"The driver of that database is not installed ({e.name}).", f"Install {e.name}.") from e
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_settings)
    return engine


def _sqlite_settings(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None)
    return str(cause) if cause is not None else type(error).__name__
