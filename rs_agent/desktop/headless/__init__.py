"""A desktop made of memory."""
