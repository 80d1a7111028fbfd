"""What `python3 rs-agent.pyz` begins with, in words that any Python understands: it may be an old one."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("rs-agent: It needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

from rs_start.begin import main  # type: ignore[import-not-found]

main()
