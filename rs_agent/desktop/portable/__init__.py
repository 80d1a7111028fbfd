"""Windows and macOS: one desktop over mss, pynput and pyperclip.

NOT RUN ON THE REAL SYSTEMS YET. On Linux it is tested against stand-ins for the three libraries: which of their calls
are made, with what, in what order; and that every key name has an entry in the table of each system.
"""
