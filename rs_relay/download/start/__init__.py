"""What runs first in a downloaded agent: it checks and fetches the rest. The standard library alone; no import of ours.

It lies in rs-agent.pyz as `rs_start`, so its modules know each other by relative names.
"""
