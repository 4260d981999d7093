"""One drawing of a drill: events, calls and deliveries by instance and time."""
