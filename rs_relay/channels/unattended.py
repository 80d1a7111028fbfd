"""Enrolment: the customer lets this technician come in again when they are not there.

    technician                                  agent
    Enrol(key)               ─────────────▶     the permission was the customer's yes; the device knows key from here on
                             ◀─────────────     Enrolled(address, name, new_code, macs), and the channel closes

The access code is made at the customer's, shown to them, and read to the technician by them: it does not pass here.
`address` is what `rs devices add` takes (rs_relay/link/address.py); it holds the device's key, so the technician's end
pins what it has from the device itself.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority


class Enrol(msgspec.Struct, frozen=True, tag="enrol"):
    key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]  # the technician's Ed25519, public


class Enrolled(msgspec.Struct, frozen=True, tag="enrolled"):
    address: Annotated[str, msgspec.Meta(max_length=256)]
    name: Annotated[str, msgspec.Meta(max_length=64)]  # of the device
    new_code: bool  # an access code was made and is on the customer's screen now; else the one that was set holds
    macs: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=17)], ...], msgspec.Meta(max_length=16)] = ()


SPEC: ChannelSpec[Enrol, Enrolled] = ChannelSpec(
    "unattended", Permission.UNATTENDED, Priority.TALK, Enrol, Enrolled, max_message=4096, window=16 * 1024
)
