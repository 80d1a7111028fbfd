"""`rs unattended enable SESSION`: with the customer's yes, their computer becomes one of your devices."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.unattended import Enrolment
from rs_cli.state import config, known_devices
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_relay.channels.unattended import Enrolled
from rs_relay.link.address import Address
from rs_relay.link.unattended import fingerprint
from rs_relay.text import printable
from rs_relay.wire.limits import NAME

app = typer.Typer(no_args_is_help=True, help="Be let in again when the customer is not there.")


@app.callback()
def group() -> None:
    """Be let in again when the customer is not there."""


@app.command()
def enable(
    session: Number,
    name: Annotated[str, typer.Option("--name", help="What you call the device.")] = "",
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Make the customer's computer one of your devices. They are asked, and read its access code to you."""
    enrolled, address = asyncio.run(_enable(session, name, timeout))
    if as_json:
        output.data(
            {
                "id": address.host,
                "name": name or enrolled.name,
                "fingerprint": fingerprint(address.key),
                "new_code": enrolled.new_code,
            }
        )
        return
    called = printable(name or enrolled.name, NAME)
    output.answer(f"{called} is on your list; its fingerprint is {fingerprint(address.key)}.")
    if enrolled.new_code:
        output.note("Its access code is on the customer's screen now, this once: let them read it to you.")
    output.note("It is there once `rs-agent unattended run` runs on it, best as a service.")


async def _enable(number: int, name: str, timeout: float) -> tuple[Enrolled, Address]:
    from rs_cli.session.dialled import Dialled

    entry = Book().pick(number)
    feature = Enrolment(known_devices.me().public_key().public_bytes_raw())
    async with reach(number, timeout) as session:
        enrolled = await session.during(feature, feature.enrolled())
    address = Address.parse(enrolled.address)
    known_devices.pin(address.host, address.key, entry.relay, enrolled.macs)
    async with Dialled(config.load().relay(entry.relay)).control() as (control, _):
        await control.enrol(address.host, address.proof, (name or printable(enrolled.name, NAME) or "device")[:NAME])
    return enrolled, address
