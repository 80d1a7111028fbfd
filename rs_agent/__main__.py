"""`python -m rs_agent`."""

from rs_agent.main import main

main()
