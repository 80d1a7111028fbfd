"""The window in which the customer looks at the technician's screen: a process of its own, and the only one with Tk.

agent ─▶ child ─▶ pipe ─▶ __main__ ─▶ window          pictures
agent ◀─ child ◀─ pipe ◀────────────── window         what was seen of them, and that the customer closed it
"""
