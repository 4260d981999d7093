"""Forwards changes of events to a handler: those of a real cloud, or of a life cycle made up."""
