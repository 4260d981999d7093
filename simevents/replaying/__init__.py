"""Cassettes for programs in any language: the proxy that they are led to records and replays."""
