"""Share: the screen turned round. The technician's screen as differences, for the customer who agreed to look.

The messages are those of `screen`, said by the other end; what they mean, and how they follow each other, stands there.

    technician                                   agent
                              ◀─────────────     Start(codecs)    a window is there: begin
    Layout(number, …)         ─────────────▶     a picture of that size, black, begins
    Frame(seq, layout, …)     ─────────────▶     one or more make an update
                              ◀─────────────     Painted(seq)     update `seq` is before the eye
    Pointer(x, y)  Shape(…)   ─────────────▶     the technician's pointer
                              ◀─────────────     Pause() / Resume()   the window is out of sight / seen again
                              ◀─────────────     Refresh()        all again
                              ◀─────────────     Closed()         the customer closed the window; the channel ends

Which of their monitors is shown is the technician's choice alone: there is no Choose, and what Start names can only be
one of those that are shown. Neither is there anything that would act on the screen that is shown.

The technician closes the channel when they stop.
"""

from __future__ import annotations

import msgspec

from rs_relay.channels.screen import messages
from rs_relay.channels.screen.messages import Painted, Pause, Refresh, Resume, Start
from rs_relay.link.spec import ChannelSpec, Permission, Priority


class Closed(msgspec.Struct, frozen=True, tag="closed", array_like=True):
    """The customer has looked enough. A channel that ends without it ended for another reason: the session's end."""


Up = messages.Down  # what the technician says
Down = Start | Painted | Pause | Resume | Refresh | Closed  # what the agent says
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "share",
    Permission.SHARE,
    Priority.SCREEN,
    Up,
    Down,
    max_message=messages.SPEC.max_message,
    window=messages.SPEC.window,
)
