"""`python -m rs_relay`: the relay."""

from rs_relay.server.main import main

if __name__ == "__main__":
    main()
