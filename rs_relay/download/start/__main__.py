"""What `python3 rs-agent.pyz` begins with, in words that any Python understands: it may be an old one."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    why = "It needs Python 3.11 or newer; this is %d.%d." % (sys.version_info[0], sys.version_info[1])  # noqa: UP031
    hint = "The page that you were given has a line for computers without Python, or says where it is to be had."
    sys.exit("rs-agent: " + why + "\n  " + hint)

from rs_start.begin import main  # type: ignore[import-not-found]

main()
