"""Sees a screen: the customer's for the agent, the technician's own when the share is turned round."""
