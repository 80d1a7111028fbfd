"""The `rs-relay` command: flags in, exit status out. The only place of the relay where an RsError becomes one."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from rs_relay.errors import RsError, UsageError
from rs_relay.server import operator
from rs_relay.server.accounts import StoredAccounts
from rs_relay.server.app import Accounts, Relay, no_record
from rs_relay.server.audit import Trail
from rs_relay.server.config import Config, Limits, parse_address, parse_network
from rs_relay.server.desk import Record
from rs_relay.server.devices import Devices, Row

app = typer.Typer(
    help="The relay of rs: brings technicians and customers together, and cannot read what it carries.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(operator.technician, name="technician")
app.add_typer(operator.record, name="audit")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def agents(context: typer.Context) -> None:
    """What customers download: build, verify, key."""
    # A process of its own: it signs, and the relay holds no cipher.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "rs_relay.download", *context.args])


@app.command()
def serve(
    listen: Annotated[list[str] | None, typer.Option(help="HOST:PORT; may be given several times.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where accounts and the audit record are kept.")] = None,
    database: Annotated[str, typer.Option(help="Another database than SQLite in the data directory.")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Anybody is a technician. On this computer only.")] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    trusted_proxy: Annotated[list[str] | None, typer.Option(help="Network whose X-Forwarded-For counts.")] = None,
    name: Annotated[str, typer.Option(help="What this relay calls itself.")] = "",
    port_file: Annotated[Path | None, typer.Option(help="Write the URL there once it listens.")] = None,
    insecure_plaintext: Annotated[bool, typer.Option(help="No TLS on a public address. For tests.")] = False,
    max_connections: Annotated[int, typer.Option(min=10, help="Sockets at once.")] = Limits.connections,
    code_lifetime: Annotated[
        float, typer.Option(min=1, max=Limits.slot_ttl, metavar="SECONDS", help="How long an unused code is valid.")
    ] = Limits.slot_ttl,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every message's kind.")] = False,
) -> None:
    """Run the relay."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    config = Config(
        listen=tuple(map(parse_address, listen)) if listen else Config.listen,
        open=open_,
        name=name,
        data=data,
        database=database,
        agents=operator.data_folder(data) / "agents",
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxies=tuple(map(parse_network, trusted_proxy or ())),
        insecure_plaintext=insecure_plaintext,
        limits=Limits(connections=max_connections, slot_ttl=code_lifetime),
    )
    config.check()
    asyncio.run(_serve(config, port_file))


async def _serve(config: Config, port_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with ThreadPoolExecutor(1, "database") as thread:
        accounts, record, devices = _stored(config, thread)
        relay = Relay(config, accounts, record, devices=devices)
        await relay.start()
        # what is loaded by now stays: looking through it for garbage would hold every link up for 30 ms now and then
        gc.collect()
        gc.freeze()
        if port_file is not None:
            _write_whole(port_file, relay.urls[0] + "\n")
        for url in relay.urls:
            print(f"relay ready at {url}", flush=True)
        await stop.wait()
        await relay.stop()


def _stored(config: Config, thread: ThreadPoolExecutor) -> tuple[Accounts | None, Record, Devices]:
    """The accounts and the record of the data directory; an open relay without one keeps nothing."""
    if config.open and config.data is None and not config.database:
        return None, no_record, Devices()
    folder = operator.data_folder(config.data)
    if not config.open and not operator.may_exist(folder, config.database):
        raise _nobody_yet()
    store, ledger = operator.open_store(folder, config.database)
    if not config.open and not store.technicians():
        raise _nobody_yet()
    accounts = None if config.open else StoredAccounts(store, thread)
    devices = Devices(store.devices(), _later(thread, store.keep_device), _later(thread, store.drop_device))
    return accounts, Trail(ledger, thread).record, devices


def _later(thread: ThreadPoolExecutor, write: Callable[[Row], None]) -> Callable[[Row], None]:
    """Written down in the database's thread, in order; what cannot be is in the log, and the list in memory goes on."""

    def guarded(row: Row) -> None:
        try:
            write(row)
        except Exception:
            logging.getLogger("rs_relay").exception("! a device could not be written down")

    def submit(row: Row) -> None:
        thread.submit(guarded, row)

    return submit


def _nobody_yet() -> UsageError:
    return UsageError(
        "No technician may use this relay yet, so it does not start.",
        "Run `rs-relay technician add NAME` first, or try it on this computer with --open.",
    )


def _write_whole(path: Path, text: str) -> None:
    """Whoever waits for the file sees all of it or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


def main() -> None:
    try:
        app()
    except RsError as e:
        print(f"rs-relay: {e.message}", file=sys.stderr)
        if e.hint:
            print(f"  {e.hint}", file=sys.stderr)
        sys.exit(e.exit_status)


if __name__ == "__main__":
    main()
