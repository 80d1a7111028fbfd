"""A picture before a person's eyes: how it lies, what is painted anew.

With `rs_cli.viewer` and `rs_agent.ui` the only rooms that know Tk.
"""
