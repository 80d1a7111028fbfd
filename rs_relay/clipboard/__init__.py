"""A clipboard of this computer: what may lie on it, and the one of an X display."""
