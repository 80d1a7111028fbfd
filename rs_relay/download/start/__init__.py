"""What runs first in a downloaded agent: it checks and fetches the rest. The standard library, and of what came along
in the one file the way to the relay (`rs_relay.way`) and `platformdirs`, imported once it is unpacked.

It lies in rs-agent.pyz as `rs_start`, so its modules know each other by relative names.
"""
