"""`rs devices …`: the computers that you can reach when nobody is there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Timeout
from rs_cli.joining.picking import SHORT, pick
from rs_cli.state import config, known_devices
from rs_cli.terminal import output
from rs_cli.terminal.spoken import since
from rs_relay.errors import UsageError
from rs_relay.link.address import Address
from rs_relay.link.dial import Conversation
from rs_relay.link.unattended import fingerprint
from rs_relay.text import printable
from rs_relay.wire.limits import NAME, TAG, TAGS
from rs_relay.wire.messages import Device

app = typer.Typer(no_args_is_help=True, help="The computers that you can reach when nobody is there.")
Name = Annotated[str, typer.Argument(metavar="DEVICE", help="Its name, GROUP/NAME, or the beginning of its id.")]


@app.command("list")
def list_(
    tag: Annotated[str, typer.Option("--tag", help="Those with this tag.")] = "",
    group: Annotated[str, typer.Option("--group", help="Those of this group.")] = "",
    online: Annotated[bool, typer.Option("--online", help="Those that are here now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List your devices, and which are here now."""
    found = asyncio.run(_all())
    found = [d for d in found if (not tag or tag in d.tags) and (not group or d.group == group)]
    found = sorted((d for d in found if d.online or not online), key=lambda d: (d.group.casefold(), d.name.casefold()))
    pins = known_devices.pins()
    if as_json:
        output.data([_as_data(device, pins) for device in found])
    elif not found:
        output.note("No such device. `rs devices add ADDRESS` adds one, `rs unattended enable SESSION` sets one up.")
    else:
        output.table(("id", "name", "group", "tags", "state"), (_as_row(device, pins) for device in found))


@app.command()
def show(device: Name, as_json: AsJson = False) -> None:
    """Show one device."""
    found, pins = pick(device, asyncio.run(_all())), known_devices.pins()
    if as_json:
        output.data(_as_data(found, pins))
        return
    facts = {**_as_row(found, pins), "id": found.host}
    known = pins.get(found.host)
    facts["fingerprint"] = fingerprint(bytes.fromhex(known.key)) if known else "not known on this computer"
    for name, value in facts.items():
        if value:
            output.answer(f"{name:<12} {value}")


@app.command()
def add(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="What `rs-agent unattended status` shows there.")],
    name: Annotated[str, typer.Option("--name", help="What you call it.")] = "",
    mac: Annotated[
        list[str] | None, typer.Option("--mac", help="A network card's address, to wake it: 52:54:00:12:34:56.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a device that was set up on site, by its address. You need its access code to connect."""
    parsed = Address.parse(address)
    called = _checked(name or f"device {parsed.host[:SHORT]}")
    relay = config.load().relay().url
    known_devices.pin(parsed.host, parsed.key, relay, tuple(_mac(text) for text in mac or ()))
    device = asyncio.run(_enrol(parsed, called))
    if as_json:
        output.data(_as_data(device, known_devices.pins()))
    else:
        output.answer(f"{printable(device.name, NAME)} is on your list; its fingerprint is {fingerprint(parsed.key)}.")


@app.command()
def rename(device: Name, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Call a device by another name."""
    asyncio.run(_change(device, name=_checked(name)))


@app.command()
def group(device: Name, group: Annotated[str, typer.Argument(metavar="GROUP", help="'' takes it out.")]) -> None:
    """Put a device into a group."""
    asyncio.run(_change(device, group=_word(group) if group else ""))


@app.command()
def tag(
    device: Name,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them off instead.")] = False,
) -> None:
    """Tag a device."""
    asyncio.run(_change(device, tags=tuple(_word(tag) for tag in tags), remove=remove))


@app.command("remove")
def remove_(device: Name) -> None:
    """Take a device off your list and forget its key.

    At the device you stay enrolled until its owner shuts you out there: `rs-agent unattended forget NAME`."""
    found = asyncio.run(_remove(device))
    known_devices.forget(found.host)
    output.answer(f"{printable(found.name, NAME)} is off your list.")
    output.note("To end your access there, too: `rs-agent unattended forget` your name at the device.")


@app.command()
def wake(
    device: Name,
    via: Annotated[
        int | None, typer.Option("--via", metavar="SESSION", help="A session with a computer in the same network.")
    ] = None,
    timeout: Timeout = REACH,
) -> None:
    """Wake a device through another computer in its network, which must allow `power`."""
    found = pick(device, asyncio.run(_all()))
    pin = known_devices.pins().get(found.host)
    if pin is None or not pin.macs:
        raise UsageError(
            "The network address of that device is not known on this computer.",
            "`rs devices add ADDRESS --mac 52:54:00:12:34:56` says it; `rs-agent unattended status` shows both.",
        )
    asyncio.run(_wake(via, pin.macs, timeout))
    output.answer(f"The packet that wakes {printable(found.name, NAME)} was sent.")
    output.note("Whether it wakes is seen in `rs devices list` after a minute or two.")


async def _wake(via: int | None, macs: tuple[str, ...], timeout: float) -> None:
    from rs_cli.doing.reach import reach
    from rs_cli.features.wake import Wake

    feature = Wake(macs)
    async with reach(via, timeout) as session:
        await session.during(feature, feature.sent())


@asynccontextmanager
async def _control() -> AsyncIterator[Conversation]:
    from rs_cli.session.dialled import Dialled

    async with Dialled(config.load().relay()).control() as (control, _):
        yield control


async def _all() -> list[Device]:
    async with _control() as control:
        return await control.devices()


async def _enrol(address: Address, name: str) -> Device:
    async with _control() as control:
        await control.enrol(address.host, address.proof, name)
        return pick(address.host, await control.devices())


async def _remove(wanted: str) -> Device:
    async with _control() as control:
        device = pick(wanted, await control.devices())
        await control.remove_device(device.host)
        return device


async def _change(
    wanted: str, *, name: str = "", group: str | None = None, tags: tuple[str, ...] = (), remove: bool = False
) -> None:
    async with _control() as control:
        device = pick(wanted, await control.devices())
        kept = tuple(tag for tag in device.tags if tag not in tags)
        changed = kept if remove else (*kept, *dict.fromkeys(tags))
        if len(changed) > TAGS:
            raise UsageError(f"A device has {TAGS} tags at most.")
        group = device.group if group is None else group
        await control.change_device(device.host, name or device.name, changed, group)


def _checked(name: str) -> str:
    if not name.strip() or len(name) > NAME or not name.isprintable():
        raise UsageError(f"A device's name is 1 to {NAME} printable characters.")
    return name.strip()


def _mac(text: str) -> str:
    mac = text.strip().lower().replace("-", ":")
    if not re.fullmatch("[0-9a-f]{2}(:[0-9a-f]{2}){5}", mac):
        raise UsageError("That is not a network card's address.", "Like 52:54:00:12:34:56.")
    return mac


def _word(text: str) -> str:
    if not text.strip() or len(text) > TAG or not text.isprintable():
        raise UsageError(f"Tags and groups are 1 to {TAG} printable characters.")
    return text.strip()


def _as_row(device: Device, pins: dict[str, known_devices.Pin]) -> dict[str, str]:
    state = "online" if device.online else f"left {since(device.seen)}" if device.seen >= 0 else "offline"
    return {
        "id": device.host[:SHORT],
        "name": printable(device.name, NAME),
        "group": printable(device.group, TAG),
        "tags": " ".join(printable(tag, TAG) for tag in device.tags),
        "state": state if device.host in pins else f"{state}, key not known here",
    }


def _as_data(device: Device, pins: dict[str, known_devices.Pin]) -> dict[str, Any]:
    pin = pins.get(device.host)
    return {
        "id": device.host,
        "name": device.name,
        "group": device.group,
        "tags": list(device.tags),
        "online": device.online,
        "fingerprint": fingerprint(bytes.fromhex(pin.key)) if pin else None,
    }
