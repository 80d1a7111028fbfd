"""One support session at the customer's: its links, who is in it, what they are allowed, how it outlives a restart."""
