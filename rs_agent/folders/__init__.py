"""The customer's folders: what of them a grant reaches, and what is done there."""
