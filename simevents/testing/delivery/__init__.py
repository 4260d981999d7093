"""How events reach a handler in a test: who is told, on which thread, and what came of it."""
