"""Record: the technician keeps what they see. Nothing of the screen goes through here; it is asked and told here.

    technician                                   agent
    Begin()                   ─────────────▶     the first and only message on each link
                              ◀─────────────     Shown()   the customer reads now that they are recorded
    the channel closes        ◀────────────▶     nothing more is recorded, and the customer reads that, too

The technician's end writes down nothing that came before Shown, and nothing after the channel has closed for whatever
reason: a grant that is withdrawn ends the recording at once, and what came until then stays with the technician.
The pictures are those of the screen channel, so `view` must be granted as well. An agent cannot see whether a dishonest
end keeps what it is shown: whoever may look can remember.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    pass


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    pass


Up = Begin
Down = Shown
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "record", Permission.RECORD, Priority.URGENT, Up, Down, max_message=1024, window=16 * 1024
)
