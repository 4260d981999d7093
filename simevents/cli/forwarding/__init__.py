"""``trigger`` and ``listen``: changes of events are sent to a handler."""
