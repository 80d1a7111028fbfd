"""What this technician keeps between two commands: sessions, relays and tokens, devices and keys."""
