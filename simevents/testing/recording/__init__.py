"""Cassettes of exchanges with the API, and what of an exchange may be written to disk."""
