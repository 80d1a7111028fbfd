"""A desktop under X11, run for real: pixels over MIT-SHM, hands over XTEST and XKB, the clipboard as a conversation."""
