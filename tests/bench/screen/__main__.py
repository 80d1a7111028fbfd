"""`python -m tests.bench.screen`. Short: the proxy's and the samplers' processes load this module again."""

import sys

if __name__ == "__main__":
    from tests.bench.screen.run import main

    sys.exit(main())
