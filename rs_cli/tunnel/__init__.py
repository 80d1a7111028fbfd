"""What is asked for in a tunnel: ssh's grammar, and SOCKS. Pure."""
