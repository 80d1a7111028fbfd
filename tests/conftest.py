"""What all tests have in common."""

from __future__ import annotations

import signal

# A runner that starts the tests in the background may have the interrupt ignored; whatever a test starts inherits that,
# and a shell cannot trap it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
