"""Cancelling what is still open: the sweep by hand, and what a stack's state accounts for."""
