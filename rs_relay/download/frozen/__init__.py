"""The agent with a Python of its own, in one file, for computers that have none."""
