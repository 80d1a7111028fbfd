"""Under X11: pixels over MIT-SHM, geometry over RandR."""
