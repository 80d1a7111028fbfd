"""`python -m rs_cli` is `rs`."""

from rs_cli.main import main

main()
