"""The command ``simevents run``: any program, unchanged, on a fake cloud."""
