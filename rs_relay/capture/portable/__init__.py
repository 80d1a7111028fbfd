"""Windows and macOS, over mss. NOT RUN ON THE REAL SYSTEMS YET."""
