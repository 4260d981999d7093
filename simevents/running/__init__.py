"""Runs any program against a fake cloud: ``simevents run``."""
